import { z } from "zod";

export const StartCheckInput = z.strictObject({
  repository: z.string().min(1),
  /** Which stored bytes are read and compared with their SHA-256: a bounded random share, or all. */
  read: z.enum(["share", "all"]).default("share"),
});
export type StartCheckInput = z.input<typeof StartCheckInput>;

export const StartRepairInput = z.strictObject({ repository: z.string().min(1) });
export type StartRepairInput = z.input<typeof StartRepairInput>;

export const ListOrphansInput = z.strictObject({
  repository: z.string().min(1),
  /** Key of the last one of the page before. */
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export type ListOrphansInput = z.input<typeof ListOrphansInput>;

export const OrphanPage = z.object({
  orphans: z.array(z.object({ key: z.string(), sizeBytes: z.number(), modifiedAt: z.string(), reason: z.string() })),
  nextCursor: z.string().nullable(),
});
export type OrphanPage = z.infer<typeof OrphanPage>;

const Counts = z.object({ present: z.number(), missing: z.number(), damaged: z.number() });

/** What a repository holds of what the catalogue expects there. */
export const Holdings = z.object({
  backups: Counts,
  /** Log files. */
  logs: Counts,
  orphans: z.number(),
});
export type Holdings = z.infer<typeof Holdings>;

/** `unknown` is never green. */
export const SCORE_STATES = ["yes", "no", "unknown"] as const;

export const ScoreLine = z.object({
  id: z.enum(["copies", "media", "offsite", "immutable", "errors"]),
  /** Of the rule's name, 3-2-1-1-0. */
  wanted: z.number(),
  title: z.string(),
  state: z.enum(SCORE_STATES),
  reason: z.string(),
});
export type ScoreLine = z.infer<typeof ScoreLine>;

export const LOCK_STATES = ["in-force", "ignored", "bypassable", "none"] as const;
export type LockState = (typeof LOCK_STATES)[number];

export const RepositoryDetail = Holdings.extend({
  name: z.string(),
  kind: z.enum(["s3", "directory"]),
  location: z.string(),
  /** Declared in holdfast.yaml; null: nobody said where it stands. */
  site: z.string().nullable(),
  identity: z.string().nullable(),
  checkedAt: z.string().nullable(),
  checkError: z.string().nullable(),
  storedBytes: z.number(),
  /** The newest check that looked at everything. */
  examinedAt: z.string().nullable(),
  readBytes: z.number().nullable(),
  lock: z.object({
    declared: z.object({ mode: z.string(), days: z.number() }).nullable(),
    /** What a real attempt to delete showed; null: nobody tried. */
    state: z.enum(LOCK_STATES).nullable(),
    message: z.string().nullable(),
    checkedAt: z.string().nullable(),
    /** Present copies that are locked now, of those that are present. */
    locked: z.number(),
  }),
  newestBackupAt: z.string().nullable(),
  recoverableTo: z.string().nullable(),
  /** Behind the best repository. */
  lagSeconds: z.number().nullable(),
  openRunId: z.string().nullable(),
});
export type RepositoryDetail = z.infer<typeof RepositoryDetail>;

export const RepositoriesView = z.object({
  repositories: z.array(RepositoryDetail),
  score: z.array(ScoreLine),
});
export type RepositoriesView = z.infer<typeof RepositoriesView>;
