import type { Readable } from "node:stream";
import { EngineError } from "@/lib/kernel/errors";

/* The log's half of the database port: what a log holds, and how it is followed. Its door is port.ts. */

/** One transaction in a log, in commit order. */
export interface LogTransaction {
  gtid: string;
  file: string;
  /** Of its GTID event. */
  offset: number;
  /** First byte after it. */
  endOffset: number;
  /** Event time: whole seconds, not ordered. */
  at: Date;
  /** Set when it writes the heartbeat: the row's own time. */
  heartbeat: Heartbeat | null;
  /** DDL, accounts and rights included; not temporary tables, not ANALYZE and the like. */
  changesSchema: boolean;
  /** False where it may have written a table that cannot roll back; also after a use of a temporary table. */
  transactional: boolean;
}

/** A place in the server's log: the byte before which everything is there. An event boundary; 0 is the file's beginning. */
export interface LogOffset {
  file: string;
  offset: number;
}

/** What a stretch of log holds, as its transactions say. A transaction counts where it ends. */
export interface LogFacts {
  transactions: number;
  firstGtid: string | null;
  lastGtid: string | null;
  /** Event times: whole seconds of the server's clock. */
  firstAt: Date | null;
  lastAt: Date | null;
  /** The newest in it. */
  heartbeat: Heartbeat | null;
  /** The last transaction goes on after it: only where one is larger than what was asked for. */
  endsInTransaction: boolean;
}

export interface LogChunk extends LogFacts {
  file: string;
  start: number;
  /** An event boundary. */
  end: number;
  /** Digest of the file's first event: the same name with another id is another log. */
  fileId: string;
  /** Set on the file's last chunk: the name of the file with which the log goes on. */
  nextFile: string | null;
}

/** One whole log file. */
export interface LogFileFacts extends LogFacts {
  file: string;
  fileId: string;
  sizeBytes: number;
  /** From its last event; null where the file was not closed (the server was killed, or still writes it). */
  nextFile: string | null;
}

/** Why the log cannot be followed without a hole. The collector stops at it; a new one must be started on purpose. */
export interface LogGap {
  /** `purged`: the server deleted the file. `restarted`: RESET MASTER, a restored or another server: the bytes there are not the ones that follow. */
  reason: "purged" | "restarted";
  wanted: LogOffset;
  /** From where the server's log can still be had; null when it says none. */
  oldestFile: string | null;
}

/** @see LogGap. Never thrown for anything that a retry mends. */
export class LogGapError extends EngineError {
  constructor(
    message: string,
    readonly gap: LogGap,
    options: { engine: string; hint: string },
  ) {
    super(message, { ...options, operation: "follow the log", permanent: true });
  }
}

export interface LogCollectorState {
  /** `waiting`: not connected, tries again by itself. `full`: the spool holds what it may and nothing of it was shipped; follows again after `release`. */
  phase: "connecting" | "following" | "waiting" | "full" | "gap" | "stopped";
  /** One sentence about the phase, for people. */
  message: string;
  hint: string | null;
  gap: LogGap | null;
  /** Everything before it is in the spool or shipped. */
  collectedTo: LogOffset | null;
  spoolBytes: number;
}

/** Where a collector goes on: what was shipped last, and of which log. */
export interface LogResume extends LogOffset {
  /** Both null: a new incarnation begins at `offset`, which is then 0. */
  incarnation: string | null;
  serverId: string | null;
  /** Of the chunk that ended there; null when not known, or at offset 0: not compared then. */
  fileId: string | null;
}

export interface CollectOptions {
  /** A directory of this system's collector alone; made 0700. What an earlier collector left there is used when it fits. */
  spool: string;
  /** Bytes that it may hold; 1 GiB unless told. */
  spoolBytesMax?: number;
  /** Stable and unique, such as `<console>/<system>`: the replica id is made of it. */
  identity: string;
  /** The newest position that a repository has; null: from byte 0 of the file that the server writes now. */
  from: LogResume | null;
  /** After a silence of so long the connection is questioned: three periods of the heartbeat. */
  silenceMs: number;
  onState?: (state: LogCollectorState) => void;
  signal: AbortSignal;
}

/**
 * Follows one server's log. Every repository has a position of its own; the collector keeps none of them. Chunks are
 * ranges of the server's own bytes. Its log always begins at byte 0 of a file, so that a file put together from
 * chunks is a whole one.
 */
export interface LogCollector {
  readonly serverId: string;
  /** Of the log: changes after RESET MASTER, a restore, another server. */
  readonly incarnation: string;
  /** Byte 0 of the file with which it began, for a repository that has nothing yet. */
  readonly begin: LogOffset;
  state(): LogCollectorState;
  /**
   * The bytes that follow a repository's position: whole transactions, about `maxBytes` at most; one that is larger
   * is cut between events. Null when there is nothing new. What the spool no longer holds is fetched from the server.
   * @throws LogGapError once everything before the gap was given; EngineError: try again later
   */
  next(after: LogOffset, maxBytes: number): Promise<LogChunk | null>;
  /** Plain bytes of a chunk, any number of times; what the spool no longer holds is fetched from the server again. */
  read(chunk: LogChunk): Promise<Readable>;
  /** The positions of all repositories: the spool may forget what every one has, and under pressure what the newest has. */
  release(positions: readonly LogOffset[]): Promise<void>;
  stop(): Promise<void>;
}

/** Plain bytes of one segment of a log file. */
export interface LogPiece {
  file: string;
  start: number;
  end: number;
  open(): Promise<Readable>;
}

export interface Heartbeat {
  seq: bigint;
  /** The row's time, of the database's clock, microseconds truncated to milliseconds. */
  at: Date;
}
