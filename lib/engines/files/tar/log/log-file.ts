import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { FilesSource, LogMark, LogState } from "../../port";
import { failed } from "../fail";
import { fullPath } from "./walk-files";

export function markOf(bytes: Buffer): LogMark {
  return { bytes: bytes.length, sha256: sha256(bytes) };
}

export function sha256(bytes: Buffer): string {
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
export async function isSameLog(handle: FileHandle, log: LogState): Promise<boolean> {
  const { size } = await handle.stat();
  if (size < log.offset) return false;
  const head = await readAt(handle, 0, log.head.bytes);
  const tail = await readAt(handle, log.offset - log.tail.bytes, log.tail.bytes);
  return isMark(head, log.head) && isMark(tail, log.tail);
}

function isMark(bytes: Buffer, mark: LogMark): boolean {
  return bytes.length === mark.bytes && sha256(bytes) === mark.sha256;
}

export async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
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
