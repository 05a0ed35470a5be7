import type { Readable } from "node:stream";
import type { PipedBytes, ProgramPipe } from "@/lib/engines/shared/piped-bytes";
import type { Hazard, LogPosition } from "./port";
import type { ScratchOptions, ScratchServer } from "./scratch-port";

/* The physical half of the database port: backups of the server's files, and the chains that they make. Its door is port.ts. */

/** A stretch of the server's redo log; decimal text, since a number of 64 bits is none in JavaScript. */
export interface LsnRange {
  /** Every page that changed after it is in the backup; `0` for a full. */
  from: string;
  /** The next increment begins here. */
  to: string;
  /** Up to which the redo log is in it. */
  last: string;
}

/** What an increment must know of the backup that it goes on from. */
export interface PhysicalParent {
  lsn: LsnRange;
  lineage: string;
  toolVersion: string;
}

export interface PhysicalFacts extends PhysicalParent {
  /** Of the data once its redo log is applied: the log goes on from here. */
  position: LogPosition;
  /** Of the server. */
  version: string;
}

export interface PhysicalPlan {
  /** Null for a full. */
  parent: PhysicalParent | null;
}

export interface PhysicalBackup {
  /** Files of the server as MariaDB's `mbstream` reads them. Nothing is read before somebody takes it, here or by `piped`. */
  output: Readable;
  /** The same for a program that reads it, which is far cheaper; then `output` is not read. */
  piped(): PipedBytes;
  /** Settles when the tool ended with exit code 0 and its last line, the stream is whole, and its LSNs follow the parent's. */
  done: Promise<PhysicalFacts>;
}

/** One backup of a chain, as its manifest tells it. */
export interface PhysicalLink {
  lsn: LsnRange;
  lineage: string;
  /** Of the tool that made it: an older one is not trusted with it. */
  toolVersion: string;
}

/** A chain that is put together in a directory, and becomes a server. */
export interface PhysicalRestore {
  /**
   * Unpacks the next backup of the chain: the full first. Nothing of it is relied on before `apply`, so that its bytes
   * may still turn out to be damaged. @throws EngineError where it does not follow the one before
   */
  unpack(link: PhysicalLink, files: ProgramPipe): Promise<void>;
  /** Brings the data up to the end of what was unpacked last. @throws EngineError where that is not whole */
  apply(): Promise<void>;
  /**
   * Starts a server on it, without a log, as `startScratch` does. The source's accounts are there; root of
   * localhost gets in by the password of its option file, and the runner's own account is locked.
   */
  start(): Promise<ScratchServer>;
  /** Removes what lies there; not after `start`. Twice is once. */
  discard(): Promise<void>;
}

/** Hazards that only concern files. `refuse` unless the message says otherwise. */
export type PhysicalHazardId =
  "not-local" | "data-elsewhere" | "encrypted-data" | "tool-version" | "engine-not-carried" | "rows-in-memory";

/** Backups of a server's files. They are taken on the server's own host. */
export interface PhysicalEngine {
  /** What makes a backup of files impossible or worse than it looks; takes the place of `findHazards`. */
  findHazards(signal: AbortSignal): Promise<Hazard[]>;
  backup(plan: PhysicalPlan, options: { signal: AbortSignal; onProgress?: (bytes: number) => void }): PhysicalBackup;
  /** Begins in a directory as `startScratch` does, and refuses the same. `removeScratch` removes what lies there. */
  restore(options: ScratchOptions): Promise<PhysicalRestore>;
}
