import { ClosedLog, type Manifest } from "@/lib/backups";
import { isSignatureValid } from "@/lib/kernel/crypto";
import { findObject, repositoryKeys } from "@/lib/repositories";
import { type LogPiece, compareLogFiles } from "./cover-log";
import type { RecoveryCtx, RecoverySource } from "./recovery";

/** Every object with a stretch of the log that follows a backup, from its position's file on, as the repository lists them. */
export async function listLogPieces(
  ctx: RecoveryCtx,
  source: RecoverySource,
  { server, position }: Pick<Manifest, "server" | "position">,
): Promise<LogPiece[]> {
  const isNeeded = ({ file }: { file: string }) => compareLogFiles(file, position.file) >= 0;
  const prefix = repositoryKeys.logPrefix({
    system: source.system,
    serverId: server.id,
    incarnation: server.incarnation,
  });
  const pieces: LogPiece[] = [];
  for await (const object of source.store.list(prefix, { signal: ctx.signal })) {
    const name = object.key.slice(prefix.length);
    const segment = repositoryKeys.parseSegmentName(name);
    if (segment && isNeeded(segment)) {
      pieces.push({ key: object.key, ...segment, closed: false });
      continue;
    }
    const closed = repositoryKeys.parseCompactedName(name);
    if (!closed || !isNeeded(closed)) continue;
    const facts = await readClosedLog(ctx, source, { prefix, file: closed.file });
    if (facts) {
      pieces.push({
        key: object.key,
        file: closed.file,
        start: 0,
        end: facts.sizeBytes,
        sha256: facts.sha256,
        encrypted: closed.encrypted,
        closed: true,
      });
    }
  }
  return pieces;
}

/** null when the facts are not there yet, or not signed by a known key: then the closed file does not count, and its segments must do. */
async function readClosedLog(
  ctx: RecoveryCtx,
  source: RecoverySource,
  { prefix, file }: { prefix: string; file: string },
): Promise<ClosedLog | null> {
  const key = `${prefix}${file}.json`;
  const bytes = await findObject(source.store, key, ctx.signal);
  // Its object was stored and not read back yet: the segments are still there.
  if (!bytes) return null;
  const signature = await findObject(source.store, repositoryKeys.signatureKey(key), ctx.signal);
  if (signature && source.publicKeys.some((publicPem) => isSignatureValid(publicPem, bytes, signature))) {
    const facts = ClosedLog.parse(JSON.parse(bytes.toString("utf8")));
    if (facts.file === file) return facts;
  }
  ctx.run.say(`the signature of ${key} does not fit: it is left out`, "warning");
  return null;
}
