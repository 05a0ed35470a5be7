import { z } from "zod";

/* manifest.json, format 1: everything that a restore needs to know about a backup. Fields are added, never renamed. */

const Position = z.object({ gtid: z.string(), file: z.string(), offset: z.number().int() });
const Digest = z.object({ sizeBytes: z.number().int(), sha256: z.string() });

export const ManifestPart = z.object({
  name: z.enum(["data", "users", "files", "snapshot", "listing", "bundle", "logs"]),
  /** Pieces in order, relative to the repository: together they are one sealed stream. */
  pieces: z.array(z.object({ key: z.string(), sizeBytes: z.number().int(), sha256: z.string() })).min(1),
  /** What `zstd -d` gives back. */
  plain: Digest,
  sealed: Digest,
  compression: z.literal("zstd"),
  encrypted: z.boolean(),
  recipients: z.array(z.string()),
});
export type ManifestPart = z.infer<typeof ManifestPart>;

const common = {
  format: z.literal(1),
  id: z.uuid(),
  cut: z.uuid().nullable(),
  system: z.string(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  tools: z.record(z.string(), z.string()),
};

/** The secrets that were in use: HMAC over their names and contents (see fingerprint-secrets.ts). */
export const SecretsInUse = z.object({
  /** The system that backs them up. */
  system: z.string(),
  fingerprint: z.string(),
  /** When they were read; earlier than the backup where only their own newest backup knew them. */
  asOf: z.iso.datetime(),
});
export type SecretsInUse = z.infer<typeof SecretsInUse>;

/** What a recovery of a database can begin with. */
const base = {
  ...common,
  kind: z.literal("mariadb"),
  server: z.object({
    id: z.string(),
    /** Of its log: changes when the log begins anew, so that file names used twice do not mix. */
    incarnation: z.string(),
    version: z.string(),
    settings: z.object({
      version: z.string(),
      lowerCaseTableNames: z.number(),
      pageSizeBytes: z.number(),
      characterSet: z.string(),
      collation: z.string(),
      sqlMode: z.string(),
      timeZone: z.string(),
      hasTimeZoneTables: z.boolean(),
      plugins: z.array(z.string()),
    }),
  }),
  /** Of the snapshot: the log goes on from here. */
  position: Position,
  endPosition: Position,
  schemas: z.array(z.string()),
  /** Taken in the snapshot; none of a backup of files, which reads no rows. */
  tables: z.array(
    z.object({
      schema: z.string(),
      table: z.string(),
      rows: z.number().int(),
      sha256: z.string(),
      definitionSha256: z.string().optional(),
    }),
  ),
  /** What comes back changed, was left out, or makes the replay slow; known before anyone needs it. */
  hazards: z.array(
    z.object({
      id: z.string(),
      effect: z.enum(["refuse", "omit", "lossy", "warn"]),
      object: z.string(),
      message: z.string(),
      hint: z.string(),
    }),
  ),
  /** Absent in backups of earlier versions; null: none belong to the system, or nothing was known of them. */
  secrets: SecretsInUse.nullable().optional(),
  parts: z.array(ManifestPart).min(1),
};

/** Of a full logical backup of a database. */
const LogicalFull = z.object({
  ...base,
  type: z.literal("full"),
  method: z.literal("logical"),
  parent: z.null(),
  objects: z.object({
    views: z.number().int(),
    triggers: z.number().int(),
    routines: z.number().int(),
    events: z.number().int(),
    sequences: z.number().int(),
  }),
});
export type LogicalManifest = z.infer<typeof LogicalFull>;

const Lsn = z.string().regex(/^\d+$/);
/** What ties the backups of a chain of files to each other. */
const files = {
  method: z.literal("physical"),
  files: z.object({
    lsn: z.object({ from: Lsn, to: Lsn, last: Lsn }),
    /** Names the server's very files: an increment is of the same ones. */
    lineage: z.string(),
    toolVersion: z.string(),
  }),
};

const PhysicalFull = z.object({ ...base, ...files, type: z.literal("full"), parent: z.null() });
/** What changed in the server's files since the backup before it, which may be an increment itself. */
const PhysicalIncrement = z.object({ ...base, ...files, type: z.literal("incremental"), parent: z.uuid() });
export type PhysicalManifest = z.infer<typeof PhysicalFull> | z.infer<typeof PhysicalIncrement>;

/** Of a backup that a recovery can begin with: by itself, or with those that it continues. */
export const Manifest = z.union([LogicalFull, PhysicalFull, PhysicalIncrement]);
export type Manifest = z.infer<typeof Manifest>;

/**
 * Of an incremental of a logical database: its closed logs since a full, without a hole. Their bytes lie in the log's
 * own folder; this says which belong together, and that they were all there.
 */
export const LogManifest = z.object({
  ...common,
  kind: z.literal("mariadb"),
  type: z.literal("incremental"),
  method: z.literal("logical"),
  /** The full that it continues. */
  parent: z.uuid(),
  server: z.object({ id: z.string(), incarnation: z.string(), version: z.string() }),
  /** Of the full: the first byte that it adds … */
  position: Position,
  /** … and the first that it does not hold. */
  endPosition: z.object({ file: z.string(), offset: z.number().int() }),
  logs: z
    .array(
      z.object({
        file: z.string(),
        key: z.string(),
        /** Of the plain file. */
        sizeBytes: z.number().int(),
        firstGtid: z.string().nullable(),
        lastGtid: z.string().nullable(),
        lastAt: z.iso.datetime().nullable(),
      }),
    )
    .min(1),
});
export type LogManifest = z.infer<typeof LogManifest>;

const NamedPaths = z.object({ count: z.number().int(), named: z.array(z.string()) });

/** Of a tree of files, whole or what changed since another backup. */
export const FilesManifest = z.object({
  ...common,
  /** Of the system that holds its secrets; absent where it holds them itself. */
  secrets: SecretsInUse.nullable().optional(),
  kind: z.literal("files"),
  type: z.enum(["full", "incremental"]),
  method: z.literal("tar"),
  /** The backup that it continues; null for a full. */
  parent: z.uuid().nullable(),
  source: z.object({ root: z.string(), include: z.array(z.string()), exclude: z.array(z.string()) }),
  counts: z.object({
    files: z.number().int(),
    directories: z.number().int(),
    symlinks: z.number().int(),
    others: z.number().int(),
    bytes: z.number().int(),
  }),
  /** SHA-256 over the settled entries of `listing`: a restored tree gives the same. */
  digest: z.string(),
  /** Changed while they were read. */
  unsettled: NamedPaths,
  /** Sockets. */
  leftOut: NamedPaths,
  /** What tar could not keep, in its own words. */
  remarks: NamedPaths,
  /** HMAC over names and contents, where these are secrets: tells that they are the same, and nothing else. */
  secretsFingerprint: z.string().nullable(),
  /** `files` is the archive; `snapshot` and `listing` are for the next increment, `listing` for the comparison too. */
  parts: z.array(ManifestPart).min(1),
});
export type FilesManifest = z.infer<typeof FilesManifest>;

const LogMark = z.object({ bytes: z.number().int(), sha256: z.string() });
const logState = {
  id: z.string(),
  /** Relative to the root; bytes one to one as latin1. */
  path: z.string(),
  /** Everything before it was stored, by this backup or by those before it. */
  offset: z.number().int(),
  head: LogMark,
  tail: LogMark,
};

/** Of the logs among files: the bytes that were appended to each since the backup before it. */
export const FileLogManifest = z.object({
  ...common,
  kind: z.literal("files"),
  type: z.literal("log"),
  method: z.literal("append"),
  /** It is brought back on whatever backup of the tree is older. */
  parent: z.null(),
  /** The one that it goes on from, and when that had ended; null: from the first byte of each log. */
  after: z.object({ id: z.uuid(), endedAt: z.iso.datetime() }).nullable(),
  source: z.object({ root: z.string(), include: z.array(z.string()), exclude: z.array(z.string()) }),
  /** What was noticed since: rotations, logs that were cut, came or went. */
  events: z.array(
    z.object({ kind: z.enum(["new", "rotated", "truncated", "vanished"]), log: z.string(), path: z.string() }),
  ),
  /** Paths of logs that were followed and are no longer, in a copy neither. */
  gone: z.array(z.string()),
  /** Each log after it. */
  followed: z.array(z.object({ ...logState, inode: z.string() })),
  /** What `logs` holds, in its order; `before` tells the log by its bytes up to `start`. */
  chunks: z.array(
    z.object({
      log: z.string(),
      start: z.number().int(),
      end: z.number().int(),
      sha256: z.string(),
      before: z.object(logState),
    }),
  ),
  /** `logs`: a tar with an entry `<log>/<start>-<end>` for each chunk. */
  parts: z.array(ManifestPart).min(1),
});
export type FileLogManifest = z.infer<typeof FileLogManifest>;

/** Of a repository of code. */
export const CodeManifest = z.object({
  ...common,
  kind: z.literal("git"),
  type: z.literal("full"),
  method: z.literal("bundle"),
  parent: z.null(),
  source: z.object({ path: z.string(), tag: z.string().nullable() }),
  refs: z.array(z.object({ name: z.string(), objectId: z.string() })),
  head: z.object({ branch: z.string().nullable(), objectId: z.string().nullable() }).nullable(),
  parts: z.array(ManifestPart).min(1),
});
export type CodeManifest = z.infer<typeof CodeManifest>;

/** Of a database. */
export type DatabaseManifest = Manifest | LogManifest;

/** Whatever lies as manifest.json beside a backup. */
export const AnyManifest = z.discriminatedUnion("kind", [
  z.discriminatedUnion("type", [
    z.discriminatedUnion("method", [LogicalFull, PhysicalFull]),
    z.discriminatedUnion("method", [PhysicalIncrement, LogManifest]),
  ]),
  z.discriminatedUnion("type", [FilesManifest, FileLogManifest]),
  CodeManifest,
]);
export type AnyManifest = z.infer<typeof AnyManifest>;

/** Whether a recovery of a database can begin with it. */
export function isDatabaseStart(manifest: AnyManifest): manifest is Manifest {
  return manifest.kind === "mariadb" && !isLogManifest(manifest);
}

/** Whether it only names logs. */
export function isLogManifest(manifest: AnyManifest): manifest is LogManifest {
  return manifest.kind === "mariadb" && manifest.type === "incremental" && manifest.method === "logical";
}

/** The bytes that are stored and signed. */
export function formatManifest(manifest: AnyManifest): Buffer {
  return Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
}
