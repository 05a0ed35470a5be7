import { z } from "zod";
import { VERDICTS } from "@/lib/backups/schemas";
import { VERIFIER_STATES } from "@/lib/verification/schemas";

export const SYSTEM_STATES = ["ok", "running", "warning", "failed", "idle", "unknown"] as const;
export type SystemState = (typeof SYSTEM_STATES)[number];

/** How far one repository could bring a system back right now. */
export const RepositoryExposure = z.object({
  name: z.string(),
  recoverableTo: z.string().nullable(),
  /** As of `asOf` of the answer; the page lets it tick from `recoverableTo`. */
  exposureSeconds: z.number().nullable(),
});
export type RepositoryExposure = z.infer<typeof RepositoryExposure>;

/** One day of the 30-day calendar. */
export const CALENDAR_STATES = ["ok", "incomplete", "failed", "missed", "none"] as const;
export const CalendarDay = z.object({ date: z.string(), state: z.enum(CALENDAR_STATES), backups: z.number() });
export type CalendarDay = z.infer<typeof CalendarDay>;

export const SystemSummary = z.object({
  id: z.string(),
  name: z.string(),
  title: z.string(),
  kind: z.enum(["mariadb", "files", "git", "service"]),
  impact: z.enum(["critical", "high", "medium", "low"]),
  owner: z.string().nullable(),
  deputy: z.string().nullable(),
  /** Why nothing is backed up, for a `service`. */
  decision: z.string().nullable(),
  /** What such a service needs after a recovery until it serves as before; null when nothing is declared. */
  warmUp: z.string().nullable(),
  rtoTargetSeconds: z.number(),
  rpoTargetSeconds: z.number().nullable(),
  state: z.enum(SYSTEM_STATES),
  /** The specific word beside the glyph: "OK", "Over RPO", "Down 32m", "No facts". */
  stateWord: z.string(),
  /** One line of why, with the next thing to check; null when all is well. */
  stateReason: z.string().nullable(),
  repositories: z.array(RepositoryExposure),
  /** Of the worst repository; null: unknown or not backed up. */
  exposureSeconds: z.number().nullable(),
  recoverableTo: z.string().nullable(),
  lastAttemptAt: z.string().nullable(),
  lastAttemptState: z.enum(["running", "complete", "incomplete", "failed"]).nullable(),
  lastSuccessAt: z.string().nullable(),
  lastProvenAt: z.string().nullable(),
  lastProvenLevel: z.string().nullable(),
  /** The newest attempt to prove a backup, whatever it came to; null: never tried, which is its own state and not green. */
  newestVerdict: z.enum(VERDICTS).nullable(),
  newestVerdictAt: z.string().nullable(),
  /** What is known of the verifier itself. */
  verifier: z.enum(VERIFIER_STATES),
  rtoActualSeconds: z.number().nullable(),
  rpoActualSeconds: z.number().nullable(),
  /** When RTO and RPO actual were measured, and by which run. */
  measuredAt: z.string().nullable(),
  measuredRunId: z.string().nullable(),
  calendar: z.array(CalendarDay),
  /** Newest heartbeat that the server acknowledged. */
  heartbeatAt: z.string().nullable(),
  /** When its backups are due: the next three of each type. */
  schedules: z.array(
    z.object({ type: z.string(), schedule: z.string(), stream: z.boolean(), next: z.array(z.string()) }),
  ),
});
export type SystemSummary = z.infer<typeof SystemSummary>;

export const Objectives = z.object({
  rtoSeconds: z.number(),
  rpoSeconds: z.number(),
  mttrSeconds: z.number(),
  mtbfSeconds: z.number(),
});

export const SystemsView = z.object({
  /** The instant of the answer, of the console's clock. */
  asOf: z.string(),
  systems: z.array(SystemSummary),
  objectives: Objectives.nullable(),
});
export type SystemsView = z.infer<typeof SystemsView>;

/** A measured recovery, for the chart of actual against target. */
export const Measurement = z.object({
  runId: z.string(),
  at: z.string(),
  mode: z.enum(["drill", "live"]),
  rtoActualSeconds: z.number(),
  rpoActualSeconds: z.number().nullable(),
});
export type Measurement = z.infer<typeof Measurement>;

/** A full, or an increment of files, that a repository was to hold; `missing` where one that it continues is not there. */
const RecoveryStart = z.object({
  backupId: z.string(),
  at: z.string(),
  state: z.enum(["present", "missing"]),
  proven: z.boolean(),
  /** What it brings back with the log behind it, and the full and so many increments that it begins with; null: missing. */
  reach: z.object({ from: z.string(), to: z.string(), fullAt: z.string(), increments: z.number() }).nullable(),
});

/** What can be restored to when, in one repository: the recovery line. */
export const RecoveryLane = z.object({
  repository: z.string(),
  recoverableTo: z.string().nullable(),
  exposureSeconds: z.number().nullable(),
  fulls: z.array(RecoveryStart),
  increments: z.array(RecoveryStart),
  /** Continuous stretches of log. */
  logs: z.array(z.object({ from: z.string(), to: z.string() })),
});
export type RecoveryLane = z.infer<typeof RecoveryLane>;

export const SystemDetail = SystemSummary.extend({
  asOf: z.string(),
  /** Of files and code: where they are, as declared; null for anything else. */
  tree: z
    .object({ path: z.string(), include: z.array(z.string()), holdsSecrets: z.boolean(), tag: z.string().nullable() })
    .nullable(),
  server: z
    .object({
      version: z.string().nullable(),
      address: z.string(),
      reachedAt: z.string().nullable(),
      error: z.string().nullable(),
    })
    .nullable(),
  lanes: z.array(RecoveryLane),
  gaps: z.array(
    z.object({ from: z.string().nullable(), to: z.string().nullable(), reason: z.string(), detectedAt: z.string() }),
  ),
  measurements: z.array(Measurement),
  hazards: z.array(
    z.object({ id: z.string(), effect: z.string(), object: z.string(), message: z.string(), hint: z.string() }),
  ),
});
export type SystemDetail = z.infer<typeof SystemDetail>;

export const GetSystemInput = z.strictObject({ name: z.string().min(1) });
