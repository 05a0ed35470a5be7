import { z } from "zod";

/* manifest.json, format 1: everything that a restore needs to know about a backup. Fields are added, never renamed. */

const Position = z.object({ gtid: z.string(), file: z.string(), offset: z.number().int() });
const Digest = z.object({ sizeBytes: z.number().int(), sha256: z.string() });

export const ManifestPart = z.object({
  /** `data` or `users`. */
  name: z.enum(["data", "users"]),
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

export const Manifest = z.object({
  format: z.literal(1),
  id: z.uuid(),
  cut: z.uuid().nullable(),
  system: z.string(),
  kind: z.literal("mariadb"),
  type: z.literal("full"),
  method: z.literal("logical"),
  parent: z.uuid().nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
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
  tools: z.record(z.string(), z.string()),
  /** Of the snapshot: the log goes on from here. */
  position: Position,
  endPosition: Position,
  schemas: z.array(z.string()),
  tables: z.array(
    z.object({
      schema: z.string(),
      table: z.string(),
      rows: z.number().int(),
      sha256: z.string(),
      definitionSha256: z.string().optional(),
    }),
  ),
  objects: z.object({
    views: z.number().int(),
    triggers: z.number().int(),
    routines: z.number().int(),
    events: z.number().int(),
    sequences: z.number().int(),
  }),
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
  parts: z.array(ManifestPart).min(1),
});
export type Manifest = z.infer<typeof Manifest>;

/** The bytes that are stored and signed. */
export function formatManifest(manifest: Manifest): Buffer {
  return Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
}
