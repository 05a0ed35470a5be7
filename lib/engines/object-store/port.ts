import type { Readable } from "node:stream";

export { type Part, PartStream, cutParts, shareAmong } from "@/lib/engines/shared/parts";

export interface ObjectInfo {
  key: string;
  sizeBytes: number;
  modifiedAt: Date;
  /** Where the store said so: no one can delete it before. Only `head` asks for it. */
  lockedUntil?: Date;
}

export interface StoredObject {
  sizeBytes: number;
  /** Where the store locks what it takes: no one can delete it before. */
  lockedUntil?: Date;
}

/** What a store can do beyond keeping bytes; `doctor` and the manifest's copies show it. */
export interface StoreFacts {
  /** For people: `s3://bucket/prefix at endpoint`, `directory /mnt/backups`. Never a secret. */
  location: string;
  versioning: "on" | "off" | "unknown";
  objectLock: "on" | "off" | "unknown";
  /** The store's own time when it answered, where it has a clock of its own and told it. */
  at?: Date;
}

/** What became of one probe of a lock. */
export interface LockProbe {
  /** How it was stored: in one request, or in parts. */
  way: "single" | "parts";
  /** As the store tells it. */
  lockedUntil: Date | null;
  /** Our own attempt to delete exactly that version. */
  deletion: "refused" | "done";
  /** The same with the header that bypasses a governance lock. */
  bypass: "refused" | "done";
}

/**
 * A place for objects under keys such as `systems/database/<id>/manifest.json`. Keys are relative to the store's prefix.
 *
 * Every method may be called again after any failure and must then give the same result. Rejects only with
 * EngineError (`permanent` when a retry cannot help) or, once `signal` is aborted, CancelledError; an aborted put
 * leaves no object. Messages and hints never hold a secret.
 */
export interface ObjectStore {
  readonly location: string;
  /**
   * Stores the whole body under the key, or nothing. Memory stays flat however long the body is. The store's own
   * answer is checked against what was sent (size; for S3 also Content-MD5 of each part and the recomputed ETag).
   * An object is never overwritten with different content: with the same content the call succeeds and changes
   * nothing, with other content it rejects (permanent). A stream is closed in every case, so that what produces it ends.
   * A `PartStream` is read as the parts that it brings, and each is released.
   */
  put(key: string, body: Readable | Uint8Array, options: { signal: AbortSignal }): Promise<StoredObject>;
  /** Replaces whatever is there: only for the few small objects that are pointers, such as README.md. */
  replace(key: string, body: Uint8Array, options: { signal: AbortSignal }): Promise<StoredObject>;
  /** The object's bytes. Rejects (permanent) when there is none. A stream that breaks off errors; it never just ends. */
  get(key: string, options: { signal: AbortSignal }): Promise<Readable>;
  head(key: string, options: { signal: AbortSignal }): Promise<ObjectInfo | null>;
  /** Every object below the prefix, in the order of the keys' bytes, page by page. */
  list(prefix: string, options: { signal: AbortSignal }): AsyncIterable<ObjectInfo>;
  /** Removes one object by its explicit key; succeeds when there is none. */
  delete(key: string, options: { signal: AbortSignal }): Promise<void>;
  /** Removes what uploads that never ended left behind, when older than `olderThan`, of keys below a prefix. Returns how many. */
  abortUnfinishedUploads(olderThan: Date, options: { signal: AbortSignal; below?: string }): Promise<number>;
  /** Asks the store; rejects when it does not answer or refuses our credentials. */
  inspect(options: { signal: AbortSignal }): Promise<StoreFacts>;
  /**
   * Absent where deleting leaves nothing behind. Shows again what was deleted since an instant and whose bytes are still
   * there, below a prefix. Returns how many keys.
   */
  reveal?: ((prefix: string, options: { since: Date; signal: AbortSignal }) => Promise<number>) | undefined;
  /** Absent where nothing is declared to be locked. Locks the present version of an object for the declared days from now. */
  keepLocked?: ((key: string, options: { signal: AbortSignal }) => Promise<void>) | undefined;
  /**
   * Absent where nothing is declared to be locked. Stores small objects below `prefix` in both ways, reads until when they
   * are locked, and tries to delete exactly those versions. The probes of a day are stored once; those whose lock has
   * ended are taken away.
   */
  proveLock?: ((prefix: string, options: { signal: AbortSignal; now: Date }) => Promise<LockProbe[]>) | undefined;
}
