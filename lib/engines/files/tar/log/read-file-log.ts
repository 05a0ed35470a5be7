import type { FileHandle } from "node:fs/promises";
import type { FileLogChunk, FileLogReader, FilesSource, FollowedLog } from "../../port";
import { packChunks } from "./chunk-archive";
import { isSameLog, markOf, openLog, readAt, sha256 } from "./log-file";
import { beginLogRestore } from "./restore-logs";
import { scanLogs } from "./scan-logs";

const CHUNK_BYTES_MAX = 8 * 2 ** 20;
/** Enough to hold a line with a time. */
const MARK_BYTES_MAX = 4_096;
const OFFSET_DIGITS = 20;

export function openFileLogs(): FileLogReader {
  return { scan: scanLogs, next: nextChunk, pack: packChunks, restore: beginLogRestore };
}

async function nextChunk(source: FilesSource, log: FollowedLog, signal: AbortSignal): Promise<FileLogChunk | null> {
  signal.throwIfAborted();
  const handle = await openLog(source, log.path);
  if (!handle) return null;
  try {
    if (!(await isSameLog(handle, log))) return null;
    const bytes = await readAt(handle, log.offset, CHUNK_BYTES_MAX);
    if (bytes.length === 0) return null;
    const next = await advance(handle, log, bytes);
    // Cut or written anew while it was read: then these bytes may be of two logs. The next scan sees it.
    return next && (await isSameLog(handle, next)) ? toChunk(log, bytes, next) : null;
  } finally {
    await handle.close();
  }
}

function toChunk(log: FollowedLog, bytes: Buffer, next: FollowedLog): FileLogChunk {
  const digits = (offset: number) => String(offset).padStart(OFFSET_DIGITS, "0");
  const [start, end] = [log.offset, next.offset];
  return { name: `${log.id}.${digits(start)}-${digits(end)}.${sha256(bytes)}`, start, end, bytes, next };
}

/** Null where the head is no longer what was just read. */
async function advance(handle: FileHandle, log: FollowedLog, bytes: Buffer): Promise<FollowedLog | null> {
  const offset = log.offset + bytes.length;
  const headBytes = Math.min(MARK_BYTES_MAX, offset);
  const tailBytes = Math.min(MARK_BYTES_MAX, bytes.length);
  const head = await readAt(handle, 0, headBytes);
  if (head.length < headBytes) return null;
  return { ...log, offset, head: markOf(head), tail: markOf(bytes.subarray(bytes.length - tailBytes)) };
}
