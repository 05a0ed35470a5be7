import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createAgeEnvelope } from "@/lib/engines/envelope/age/engine";
import { sha256 } from "@/lib/kernel/crypto";
import { type LogPiece, compareLogFiles, coverLog } from "@/lib/recovery";
import { repositoryKeys } from "@/lib/repositories";
import { SYSTEM } from "./configuration";
import { keysOf, readObjectBytes } from "./whole-backups";
import type { FaultWorld, RepositoryName } from "./world";

const NEVER = new AbortController().signal;

/** A stretch of a log file as a store holds it. */
interface StoredStretch extends LogPiece {
  bytes: Buffer;
}

/**
 * The log of one incarnation as a store holds it, file by file, put together as a recovery does.
 * @throws Error where a stretch is not what its name says, where two of them differ, or where there is a hole
 */
export async function readStoredLog(
  world: FaultWorld,
  name: RepositoryName,
  place: { serverId: string; incarnation: string },
): Promise<Map<string, Buffer>> {
  const stretches = await readStretches(world, name, repositoryKeys.logPrefix({ system: SYSTEM, ...place }));
  const [first] = [...stretches].sort((a, b) => compareLogFiles(a.file, b.file));
  if (!first) throw new Error(`"${name}" holds no log of "${place.incarnation}"`);
  const { pieces, hole } = coverLog(stretches, { file: first.file, offset: 0 });
  if (hole) throw new Error(`the log in "${name}" has a hole in "${hole.file}" at ${hole.from}`);
  const files = new Map<string, Buffer>();
  for (const { key, file, start } of pieces) {
    const before = files.get(file) ?? Buffer.alloc(0);
    if (before.length !== start) throw new Error(`"${key}" does not begin where the stretch before it ends`);
    files.set(file, Buffer.concat([before, stretches.find((each) => each.key === key)?.bytes ?? Buffer.alloc(0)]));
  }
  for (const { key, file, start, end, bytes } of stretches) {
    if (!files.get(file)?.subarray(start, end).equals(bytes))
      throw new Error(`"${key}" tells otherwise than the others`);
  }
  return files;
}

async function readStretches(world: FaultWorld, name: RepositoryName, prefix: string): Promise<StoredStretch[]> {
  const { store } = world.repositories[name];
  const stretches: StoredStretch[] = [];
  for (const key of await keysOf(store, prefix)) {
    const own = key.slice(prefix.length);
    const segment = repositoryKeys.parseSegmentName(own);
    const closed = segment ? null : repositoryKeys.parseCompactedName(own);
    if (!segment && !closed) continue;
    const bytes = await openSealed(world, await readObjectBytes(store, key));
    const stretch = segment ?? { file: closed?.file ?? "", start: 0, end: bytes.length, encrypted: true };
    if (bytes.length !== stretch.end - stretch.start) throw new Error(`"${key}" is not as long as its name says`);
    if (segment && sha256(bytes) !== segment.sha256) throw new Error(`"${key}" is not what its name says`);
    stretches.push({ ...stretch, key, sha256: sha256(bytes), closed: segment === null, bytes });
  }
  return stretches;
}

async function openSealed(world: FaultWorld, sealed: Buffer): Promise<Buffer> {
  const opening = createAgeEnvelope().open(Readable.from([sealed]), {
    encrypted: true,
    identityFile: world.identityFile,
    signal: NEVER,
  });
  const [bytes] = await Promise.all([buffer(opening.output), opening.done]);
  return bytes;
}
