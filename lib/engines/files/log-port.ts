import type { Readable } from "node:stream";
import type { FilesSource } from "./port";

/* Logs that an application appends to: what was added since the last time, each byte once. */

/** Some bytes of a log that were shipped, by which it is known again. */
export interface LogMark {
  bytes: number;
  sha256: string;
}

/** What was shipped of a log at some time: by it the log is known again in a restored tree. */
export interface LogState {
  /** Its name in a repository: from the path that it was first seen under, and nobody else's. */
  id: string;
  /** Where it lay then, relative to the root; bytes one to one as latin1. */
  path: string;
  /** Everything before it was shipped. */
  offset: number;
  /** The first bytes … */
  head: LogMark;
  /** … and the last ones before `offset`. */
  tail: LogMark;
}

/** One log as it is followed: the bytes of one file from its first one on, whatever name it has by now. To be kept by the caller. */
export interface FollowedLog extends LogState {
  inode: string;
}

export interface FileLogEvent {
  /** `rotated`: goes on under another name. `truncated`: another log begins in the same file. `vanished`: no longer there; what was not shipped of it is lost. */
  kind: "new" | "rotated" | "truncated" | "vanished";
  /** The log's id. */
  log: string;
  path: string;
}

export interface FileLogScan {
  logs: FollowedLog[];
  events: FileLogEvent[];
}

export interface FileLogChunk {
  /** `<id>.<start>-<end>.<sha256>`, with offsets of 20 digits: in the order of their names, `cat` puts the log together. */
  name: string;
  start: number;
  /** Exclusive. */
  end: number;
  bytes: Buffer;
  /** What is followed once this chunk is safe. */
  next: FollowedLog;
}

export interface FileLogReader {
  /**
   * Looks which logs there are, and which of them are known: by inode, first and last shipped bytes. A log that was
   * renamed goes on; one that was copied and cut (copytruncate) goes on in its copy; a file that was cut or written anew
   * is another log. Compressed files are logs of their own.
   */
  scan(source: FilesSource, followed: readonly FollowedLog[], signal: AbortSignal): Promise<FileLogScan>;
  /**
   * The next bytes of a log, at most 8 MiB, or null when there are none now. Only bytes that were really read, of a file
   * that was the same log before and after.
   */
  next(source: FilesSource, log: FollowedLog, signal: AbortSignal): Promise<FileLogChunk | null>;
  /**
   * Chunks as one ustar archive, an entry `<id>/<start>-<end>` each. Ends well only when the chunks do; memory holds one
   * of them.
   */
  pack(chunks: AsyncIterable<FileLogChunk>): Readable;
  /**
   * Begins to bring logs back in a tree that was restored from an earlier backup, as they were at a later time: what the
   * tree holds of each is found by `known`, the states since, under whatever name it has there.
   * @param logs as they were at that time: path, length, first and last bytes
   */
  restore(
    directory: string,
    options: { logs: readonly FollowedLog[]; known: readonly LogState[]; signal: AbortSignal },
  ): Promise<FileLogRestore>;
}

export interface FileLogRestore {
  /** Adds the bytes of one archive that `pack` made; in the order in which they were taken. @throws EngineError where some lack before them */
  add(archive: Readable): Promise<void>;
  /** Proves first and last bytes of each log, and puts it under its last name. @throws EngineError, of kind `damage` where one is not whole */
  settle(): Promise<{ logs: number; bytes: number }>;
}
