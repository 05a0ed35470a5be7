import { createHash } from "node:crypto";
import { newId } from "@/lib/kernel/ids";
import type { FileLogEvent, FileLogScan, FilesSource, FollowedLog } from "../../port";
import { assertSource } from "../select";
import { isSameLog, openLog } from "./log-file";
import { type FoundFile, walkFiles } from "./walk-files";

/** Of a name that stands in a key. */
const NAME_MAX = 80;
/** Of no bytes. */
const NOTHING = { bytes: 0, sha256: createHash("sha256").digest("hex") };

/** @throws EngineError when a log cannot be read */
export async function scanLogs(
  source: FilesSource,
  followed: readonly FollowedLog[],
  signal: AbortSignal,
): Promise<FileLogScan> {
  await assertSource(source);
  const open = new Map(followed.map((log) => [log.id, log]));
  const events: FileLogEvent[] = [];
  const logs: FollowedLog[] = [];
  const strangers: FoundFile[] = [];
  for await (const file of walkFiles(source, signal)) {
    const own = [...open.values()].filter((log) => log.inode === file.inode);
    // Two names of one file: each goes on with its own.
    const known = await findKnown(
      source,
      file,
      [...own].sort((a) => (a.path === file.path ? -1 : 1)),
    );
    if (known && open.delete(known.id)) logs.push(follow(known, file, events));
    else strangers.push(file);
  }
  // What nobody claimed by its inode may live on in a copy.
  for (const file of strangers) {
    const candidates = [...open.values()].filter((log) => log.offset > 0);
    const copied = await findKnown(source, file, candidates);
    if (copied && open.delete(copied.id)) logs.push(follow(copied, file, events));
    else
      logs.push(
        begin(file, {
          events,
          isTruncated: followed.some((log) => log.inode === file.inode && log.path === file.path),
        }),
      );
  }
  for (const { id, path } of open.values()) {
    const isCut = events.some((event) => event.kind === "truncated" && event.path === path);
    if (!isCut) events.push({ kind: "vanished", log: id, path });
  }
  return { logs, events };
}

async function findKnown(
  source: FilesSource,
  file: FoundFile,
  candidates: readonly FollowedLog[],
): Promise<FollowedLog | null> {
  if (candidates.length === 0) return null;
  const handle = await openLog(source, file.path);
  if (!handle) return null;
  try {
    for (const log of candidates) if (await isSameLog(handle, log)) return log;
    return null;
  } finally {
    await handle.close();
  }
}

function follow(log: FollowedLog, { path, inode }: FoundFile, events: FileLogEvent[]): FollowedLog {
  if (path !== log.path) events.push({ kind: "rotated", log: log.id, path });
  return { ...log, path, inode };
}

function begin(
  { path, inode }: FoundFile,
  { events, isTruncated }: { events: FileLogEvent[]; isTruncated: boolean },
): FollowedLog {
  const id = newLogId(path);
  events.push({ kind: isTruncated ? "truncated" : "new", log: id, path });
  return { id, path, inode, offset: 0, head: NOTHING, tail: NOTHING };
}

/** Readable, and nobody else's: ids made later come later. */
function newLogId(path: string): string {
  const name = path.slice(2).replace(/[^A-Za-z0-9._-]/g, "_");
  return `${name.slice(-NAME_MAX)}.${newId()}`;
}
