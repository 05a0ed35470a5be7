import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { FileLogChunk, FileLogReader, FilesSource, FollowedLog, LogMark } from "../../port";
import { failed } from "../fail";
import { scanLogs } from "./scan-logs";
import { fullPath } from "./walk-files";

const CHUNK_BYTES_MAX = 8 * 2 ** 20;
/** Enough to hold a line with a time. */
const MARK_BYTES_MAX = 4_096;
const OFFSET_DIGITS = 20;

export function openFileLogs(): FileLogReader {
  return { scan: scanLogs, next: nextChunk };
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

function markOf(bytes: Buffer): LogMark {
  return { bytes: bytes.length, sha256: sha256(bytes) };
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A file that is not there any more, or is no file, is null. */
export async function openLog(source: FilesSource, path: string): Promise<FileHandle | null> {
  try {
    // A pipe that took the log's name would otherwise wait for a writer.
    return await open(
      fullPath(source.root, path) as unknown as string,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
  } catch (cause) {
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"].includes(code)) return null;
    throw failed("read a log", `cannot read "${path}" (${code})`, {
      permanent: false,
      hint: "May the user that runs Holdfast read it? Exclude what is no log.",
      cause,
    });
  }
}

/** Whether what was shipped of a log is what lies in this file. */
export async function isSameLog(handle: FileHandle, log: FollowedLog): Promise<boolean> {
  const { size } = await handle.stat();
  if (size < log.offset) return false;
  const head = await readAt(handle, 0, log.head.bytes);
  const tail = await readAt(handle, log.offset - log.tail.bytes, log.tail.bytes);
  return isMark(head, log.head) && isMark(tail, log.tail);
}

function isMark(bytes: Buffer, mark: LogMark): boolean {
  return bytes.length === mark.bytes && sha256(bytes) === mark.sha256;
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { size } = await handle.stat();
  const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - position)));
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
