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
  /** Whether a restore of it ever passed; reading its objects alone is none. */
  proof: z.enum(["proven", "unproven"]).optional(),
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
/** One word for a day of a system and type. `running`: under way, and nothing of the day failed. */
export const CALENDAR_STATES = ["ok", "incomplete", "failed", "missed", "running", "none"] as const;
export type CalendarState = (typeof CALENDAR_STATES)[number];

export const ListBackupDaysInput = z.strictObject({ days: z.coerce.number().int().min(1).max(90).default(30) });
export type ListBackupDaysInput = z.input<typeof ListBackupDaysInput>;

export const BackupCalendar = z.object({
  asOf: z.string(),
  rows: z.array(
    z.object({
      system: z.string(),
      type: z.enum(BACKUP_TYPES),
      /** Days of UTC, oldest first. */
      days: z.array(z.object({ date: z.string(), state: z.enum(CALENDAR_STATES), backups: z.number() })),
    }),
  ),
});
export type BackupCalendar = z.infer<typeof BackupCalendar>;

export const GetBackupDayInput = z.strictObject({
  system: z.string().min(1),
  type: z.enum(BACKUP_TYPES),
  /** A day of UTC. */
  date: z.iso.date(),
});
export type GetBackupDayInput = z.input<typeof GetBackupDayInput>;

export const BackupDay = z.object({
  backups: z.array(BackupSummary),
  /** What was due and is not ok. */
  slots: z.array(
    z.object({ dueAt: z.string(), state: z.enum(["missed", "failed", "running"]), runId: z.string().nullable() }),
  ),
  logs: z.array(
    z.object({
      repository: z.string(),
      files: z.number(),
      storedBytes: z.number(),
      from: z.string().nullable(),
      to: z.string().nullable(),
    }),
  ),
  gaps: z.array(z.object({ from: z.string().nullable(), to: z.string().nullable(), reason: z.string() })),
});
export type BackupDay = z.infer<typeof BackupDay>;

export const GetGrowthInput = z.strictObject({
  system: z.string().optional(),
  days: z.coerce.number().int().min(7).max(365).default(30),
});
export type GetGrowthInput = z.input<typeof GetGrowthInput>;

/** A straight line into the future, and what it stands on. */
export const GrowthForecast = z.object({
  /** Days that it was drawn from. */
  samples: z.number(),
  bytesPerDay: z.number(),
  /** A tenth of all pairs of days grew more slowly than the first, a tenth faster than the second. */
  bytesPerDayRange: z.tuple([z.number(), z.number()]),
  horizonDays: z.number(),
  bytes: z.number(),
  bytesRange: z.tuple([z.number(), z.number()]),
});
export type GrowthForecast = z.infer<typeof GrowthForecast>;

export const GrowthLine = z.object({
  repository: z.string(),
  /** null: all systems together. */
  system: z.string().nullable(),
  bytesNow: z.number(),
  /** Bytes that lay there at the end of each day; null before its first backup. */
  bytes: z.array(z.number().nullable()),
  /** null: too few days to draw a line. */
  forecast: GrowthForecast.nullable(),
  /** Nothing has expired yet: the line is steeper than it will be. */
  isYoung: z.boolean(),
});
export type GrowthLine = z.infer<typeof GrowthLine>;

export const GrowthView = z.object({
  asOf: z.string(),
  /** Days of UTC, oldest first; the last is today. */
  days: z.array(z.string()),
  /** Days that a forecast needs at least. */
  samplesMin: z.number(),
  lines: z.array(GrowthLine),
});
export type GrowthView = z.infer<typeof GrowthView>;

export const ListChainsInput = z.strictObject({
  system: z.string().min(1),
  repository: z.string().optional(),
  cursor: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(60).default(15),
});
export type ListChainsInput = z.input<typeof ListChainsInput>;

/** A full and what follows it in one repository, up to the next full. */
export const Chain = z.object({
  backupId: z.string(),
  method: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  /** Of the full's copy here. */
  state: z.enum(COPY_STATES),
  sizeBytes: z.number().nullable(),
  /** The highest level at which a restore of it passed, and when. */
  proven: z.object({ level: z.enum(VERIFICATION_LEVELS), at: z.string() }).nullable(),
  /** When the next full began; null for the newest. */
  nextAt: z.string().nullable(),
  /** What it and its increments can bring back, through newer files of log as well; null without a copy here. */
  reach: z.object({ from: z.string(), to: z.string() }).nullable(),
  incrementals: z.array(
    z.object({
      backupId: z.string(),
      startedAt: z.string(),
      state: z.enum(COPY_STATES),
      sizeBytes: z.number().nullable(),
      /**
       * What it can bring back with all that it continues; null where one of them is not here, and for a logical
       * increment, whose logs are the chain's own.
       */
      reach: z.object({ from: z.string(), to: z.string() }).nullable(),
    }),
  ),
  /** Of the log from the full's position to the next full's; of logs among files, their backups in the place of log files. */
  log: z
    .object({
      files: z.number(),
      storedBytes: z.number(),
      firstGtid: z.string().nullable(),
      lastGtid: z.string().nullable(),
      to: z.string().nullable(),
    })
    .nullable(),
  gtid: z.string().nullable(),
  gaps: z.array(z.object({ from: z.string(), to: z.string(), reason: z.string() })),
});
export type Chain = z.infer<typeof Chain>;

export const ChainPage = z.object({
  asOf: z.string(),
  repository: z.string(),
  /** Every repository that may hold a chain of the system. */
  repositories: z.array(z.string()),
  chains: z.array(Chain),
  nextCursor: z.string().nullable(),
});
export type ChainPage = z.infer<typeof ChainPage>;
