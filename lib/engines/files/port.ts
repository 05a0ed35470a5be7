import type { Readable } from "node:stream";
import type { PipedBytes } from "@/lib/engines/shared/piped-bytes";
import type { FileLogReader } from "./log-port";

/* What Holdfast asks of a tree of files: packing it whole or what changed since, bringing a chain back, comparing. Logs that are files: log-port.ts. */
export * from "./log-port";

/** Which files: paths below `root`. */
export interface FilesSource {
  /** Absolute; may be a symbolic link to the directory. */
  root: string;
  /** Relative to the root, without wildcards; empty for all of it. Each must be there, and be no symbolic link. */
  include: readonly string[];
  /** Relative to the root; `*` and `?` match any character, `/` too. What lies below a match is excluded with it. */
  exclude: readonly string[];
}

/** Names as tar prints them in the C locale: other bytes than printable ASCII as `\ooo`. */
export interface NamedPaths {
  count: number;
  /** The first ones. */
  named: string[];
}

export interface FilesFacts {
  files: number;
  directories: number;
  symlinks: number;
  /** Named pipes and devices: they are packed as what they are. */
  others: number;
  /** Sum of the files' sizes. */
  bytes: number;
  /** SHA-256 over the settled entries of the listing in the order of their bytes: `PATH//TYPE MODE UID GID SIZE MTIME TARGET` and a NUL each. */
  digest: string;
  /** Changed, came or went while they were read: what is packed of them may be no state that ever was. */
  unsettled: NamedPaths;
  /** Sockets: no program can bring one back. */
  leftOut: NamedPaths;
  /** What else the program said that it could not keep, in its own words. */
  remarks: NamedPaths;
  /** Such as `GNU tar 1.34`. */
  tool: string;
}

/** What an increment follows: the snapshot and the listing of the backup before it. */
export interface FilesBase {
  snapshot: Readable;
  listing: Readable;
}

export interface FilesArchive {
  /** The archive for a reader in this process. Ends well only if everything is well. */
  output: Readable;
  /** The archive for a program that reads it; `output` is not read then. */
  piped(): PipedBytes;
  /** Rejects when a file that is not excluded cannot be read: the message names it. Files that change are no failure. */
  done: Promise<FilesFacts>;
  /** After `done`: which directories hold what, for the next increment. */
  snapshot(): Readable;
  /** After `done`: every entry with its facts, for the next increment and for the comparison with a restored tree. */
  listing(): Readable;
  /** Removes what lies on this machine's disk of it. */
  close(): Promise<void>;
}

export interface FilesDifference {
  path: string;
  kind: "missing" | "extra" | "changed";
  /** Which facts differ: `size`, `mtime`, `mode`, `owner`, `type`, `target`. */
  facts: string[];
}

export interface FilesComparison {
  /** Settled entries that were compared. */
  compared: number;
  /** Entries that were not, because they were changing when they were packed. */
  unsettled: number;
  /** Of the listing, to be compared with the manifest's. */
  digest: string;
  differences: { count: number; first: FilesDifference[] };
  /** False where this user may not give files away: then owners are not compared. */
  ownersCompared: boolean;
}

/** Rejects only with EngineError or CancelledError; no message holds a file's content. */
export interface FilesEngine {
  /** Looks whether the source is there and the programs fit. @throws EngineError */
  inspect(source: FilesSource, signal: AbortSignal): Promise<{ tool: string }>;
  /** Packs the tree as it is; after `base` only what changed, with all that went. Memory stays flat. */
  archive(
    source: FilesSource,
    options: { base?: FilesBase | undefined; signal: AbortSignal; onProgress?: (bytes: number) => void },
  ): FilesArchive;
  /**
   * Makes an empty place beside the directory that a restore goes to, and returns it: nothing half-done ever lies at
   * the directory itself. What an earlier attempt of the same `key` left there is removed. Refuses a directory that holds
   * something, is a link, or is none to be written to. @throws EngineError
   */
  prepareTarget(directory: string, key: string): Promise<string>;
  /** Puts what was restored in its place. */
  settleTarget(place: string, directory: string): Promise<void>;
  /** Removes a place that `prepareTarget` made. */
  dropTarget(place: string): Promise<void>;
  /** Unpacks the next archive of a chain, the full one first: changes, deletions and all. */
  extract(directory: string, archive: Readable, options: { signal: AbortSignal }): Promise<void>;
  /** Compares what a restore brought with the listing of the last archive of the chain. */
  compare(
    directory: string,
    listing: Readable,
    options: { include: readonly string[]; signal: AbortSignal },
  ): Promise<FilesComparison>;
  /**
   * HMAC-SHA256 over the names and contents of a source's files. With another key it is another one, and without the key
   * nobody can try guesses against it: it tells that secrets are the same, and nothing of them.
   */
  fingerprint(source: FilesSource, key: Uint8Array, signal: AbortSignal): Promise<string>;
  /** Follows log files that an application writes. */
  log: FileLogReader;
}
