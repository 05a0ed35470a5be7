import { z } from "zod";

export const BACKUP_TYPES = ["full", "incremental", "log"] as const;
export type BackupType = (typeof BACKUP_TYPES)[number];

/** `incomplete`: a copy is missing; never shown green. */
export const BACKUP_STATES = ["running", "complete", "incomplete", "failed", "expired"] as const;
export type BackupState = (typeof BACKUP_STATES)[number];

/** `expiring`: retention has begun to delete it, so it counts no more; `expired`: it is gone by its plan. */
export const COPY_STATES = ["writing", "present", "missing", "damaged", "expiring", "expired"] as const;
export type CopyState = (typeof COPY_STATES)[number];

export const VERIFICATION_LEVELS = ["object", "restore", "replay", "application"] as const;
export type VerificationLevel = (typeof VERIFICATION_LEVELS)[number];
export const VERDICTS = ["pass", "backup-bad", "verifier-bad", "environment-failed"] as const;
export type Verdict = (typeof VERDICTS)[number];

export const BackupSummary = z.object({
  id: z.string(),
  system: z.string(),
  type: z.enum(BACKUP_TYPES),
  method: z.string(),
  cut: z.string().nullable(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  sizeBytes: z.number().nullable(),
  state: z.enum(BACKUP_STATES),
  position: z.object({ gtid: z.string(), file: z.string(), offset: z.number() }).nullable(),
  /** What it cannot carry or left out, in words. */
  lossy: z.array(z.string()),
  copies: z.array(
    z.object({
      repository: z.string(),
      state: z.enum(COPY_STATES),
      sha256: z.string().nullable(),
      lockedUntil: z.string().nullable(),
      checkedAt: z.string().nullable(),
      error: z.string().nullable(),
      /** When retention deleted it here, and why. */
      expiredAt: z.string().nullable(),
      expiredReason: z.string().nullable(),
    }),
  ),
  verified: z.object({ level: z.enum(VERIFICATION_LEVELS), at: z.string(), verdict: z.enum(VERDICTS) }).nullable(),
  runId: z.string().nullable(),
  error: z.string().nullable(),
});
export type BackupSummary = z.infer<typeof BackupSummary>;

export const BackupDetail = BackupSummary.extend({
  manifest: z.record(z.string(), z.unknown()).nullable(),
  verifications: z.array(
    z.object({
      id: z.string(),
      level: z.enum(VERIFICATION_LEVELS),
      verdict: z.enum(VERDICTS),
      at: z.string(),
      repository: z.string().nullable(),
      runId: z.string().nullable(),
    }),
  ),
});
export type BackupDetail = z.infer<typeof BackupDetail>;

export const ListBackupsInput = z.strictObject({
  system: z.string().optional(),
  repository: z.string().optional(),
  type: z.enum(BACKUP_TYPES).optional(),
  state: z.enum(BACKUP_STATES).optional(),
  cursor: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type ListBackupsInput = z.input<typeof ListBackupsInput>;

export const BackupPage = z.object({ backups: z.array(BackupSummary), nextCursor: z.string().nullable() });
export type BackupPage = z.infer<typeof BackupPage>;

export const GetBackupInput = z.strictObject({ id: z.uuid() });

export const StartBackupInput = z.strictObject({
  system: z.string().min(1),
  type: z.enum(BACKUP_TYPES).default("full"),
  reason: z.string().max(500).optional(),
});
export type StartBackupInput = z.input<typeof StartBackupInput>;

export const StartCutInput = z.strictObject({
  reason: z.string().max(500).optional(),
  /** Of the schedule that it was taken for. */
  dueAt: z.iso.datetime().optional(),
});
export type StartCutInput = z.input<typeof StartCutInput>;

export const GetCutInput = z.strictObject({ id: z.uuid() });
export type GetCutInput = z.input<typeof GetCutInput>;

export const CutMember = z.object({
  runId: z.string(),
  backupId: z.string().nullable(),
  system: z.string(),
  state: z.enum(["queued", "running", "complete", "incomplete", "failed"]),
  /** The instant that it shows: a database's snapshot, the beginning of anything else. Null before it. */
  snapshotAt: z.string().nullable(),
  /** Files are read until then: what changed meanwhile is listed with them. */
  endedAt: z.string().nullable(),
});
export type CutMember = z.infer<typeof CutMember>;

export const CutView = z.object({
  id: z.string(),
  requestedAt: z.string(),
  state: z.enum(["running", "complete", "incomplete", "failed"]),
  members: z.array(CutMember),
  /** Between the first and the last snapshot; null before there are two. */
  skewSeconds: z.number().nullable(),
  /** From the first snapshot to the end of the last backup: nothing in it is further apart. */
  spanSeconds: z.number().nullable(),
});
export type CutView = z.infer<typeof CutView>;
