import { z } from "zod";

export const RUN_KINDS = [
  "backup",
  "cut",
  "restore",
  "verification",
  "runbook",
  "retention",
  "check",
  "repair",
] as const;
export type RunKind = (typeof RUN_KINDS)[number];

export const RUN_STATES = ["queued", "running", "waiting", "succeeded", "failed", "aborted"] as const;
export type RunState = (typeof RUN_STATES)[number];

/** States in which a run still goes on. */
export const OPEN_RUN_STATES = ["queued", "running", "waiting"] as const satisfies readonly RunState[];

export const STEP_STATES = ["pending", "running", "waiting", "succeeded", "failed", "skipped", "aborted"] as const;
export type StepState = (typeof STEP_STATES)[number];

export const LOG_LEVELS = ["info", "warning", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The clocks of a recovery, each an instant of its own; they are never collapsed into one number. */
export const CLOCKS = [
  "disrupt",
  "detect",
  "declare",
  "approve",
  "restoreStart",
  "dataReady",
  "verified",
  "traffic",
] as const;
export type ClockName = (typeof CLOCKS)[number];

export const Progress = z.object({
  done: z.number(),
  total: z.number().nullable(),
  unit: z.enum(["bytes", "tables", "transactions", "checks", "repositories", "files", "backups"]),
  /** The total is that of the last time, not of this one: it is said so, and dropped once it is passed. */
  isTotalExpected: z.boolean().optional(),
  ratePerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
});
export type Progress = z.infer<typeof Progress>;

export const StepView = z.object({
  id: z.string(),
  key: z.string(),
  title: z.string(),
  owner: z.string().nullable(),
  state: z.enum(STEP_STATES),
  estimateSeconds: z.number().nullable(),
  actualSeconds: z.number().nullable(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  exercised: z.boolean(),
  repeatable: z.boolean(),
  attempts: z.number(),
  progress: Progress.nullable(),
  /** One line of what came out, such as "12 tables equal". */
  summary: z.string().nullable(),
  error: z.string().nullable(),
});
export type StepView = z.infer<typeof StepView>;

export const RunSummary = z.object({
  id: z.string(),
  kind: z.enum(RUN_KINDS),
  title: z.string(),
  system: z.string().nullable(),
  runbook: z.string().nullable(),
  mode: z.enum(["drill", "live"]).nullable(),
  state: z.enum(RUN_STATES),
  startedBy: z.string(),
  queuedAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  stepsDone: z.number(),
  stepsTotal: z.number(),
  currentStep: z.string().nullable(),
  progress: Progress.nullable(),
  disruptionAt: z.string().nullable(),
  /** An earlier disruption that a person stated, beside the one that the heartbeat gave. */
  statedDisruptionAt: z.string().nullable(),
  rtoTargetSeconds: z.number().nullable(),
  rpoTargetSeconds: z.number().nullable(),
  rtoActualSeconds: z.number().nullable(),
  rpoActualSeconds: z.number().nullable(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() }).nullable(),
});
export type RunSummary = z.infer<typeof RunSummary>;

/** What a restore or recovery was brought to; contracts.md "POINT". */
export const RestoredTo = z.object({
  time: z.string().nullable(),
  gtid: z.string().nullable(),
  file: z.string(),
  offset: z.number(),
  resolutionMs: z.number(),
  next: z.object({ gtid: z.string(), time: z.string() }).nullable(),
});
export type RestoredTo = z.infer<typeof RestoredTo>;

export const RunDetail = RunSummary.extend({
  reason: z.string().nullable(),
  runner: z.string().nullable(),
  attempts: z.number(),
  backupId: z.string().nullable(),
  clocks: z.partialRecord(z.enum(CLOCKS), z.string()),
  parameters: z.record(z.string(), z.unknown()),
  result: z.record(z.string(), z.unknown()).nullable(),
  abortRequestedAt: z.string().nullable(),
  steps: z.array(StepView),
});
export type RunDetail = z.infer<typeof RunDetail>;

export const LogLine = z.object({
  /** Grows by one a line over all runs; the cursor of paging and of the event stream. */
  id: z.number(),
  at: z.string(),
  level: z.enum(LOG_LEVELS),
  step: z.string().nullable(),
  message: z.string(),
});
export type LogLine = z.infer<typeof LogLine>;

export const ListRunsInput = z.strictObject({
  kind: z.enum(RUN_KINDS).optional(),
  state: z.enum(RUN_STATES).optional(),
  system: z.string().optional(),
  /** Runs that still go on. */
  open: z.boolean().optional(),
  /** Id of the last run of the page before. */
  cursor: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type ListRunsInput = z.input<typeof ListRunsInput>;

export const RunPage = z.object({ runs: z.array(RunSummary), nextCursor: z.string().nullable() });
export type RunPage = z.infer<typeof RunPage>;

export const GetRunInput = z.strictObject({ id: z.uuid() });
export const ListRunLogInput = z.strictObject({
  id: z.uuid(),
  /** Lines after this one. */
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(500),
});
export const AbortRunInput = z.strictObject({ id: z.uuid(), reason: z.string().max(500).optional() });

/** An operator's decision on a step that waits for one. */
export const DecideStepInput = z.strictObject({
  id: z.uuid(),
  /** Id or key of the step. */
  step: z.string().min(1),
  decision: z.enum(["retry", "skip", "abort"]),
  reason: z.string().max(500).optional(),
});
export type DecideStepInput = z.input<typeof DecideStepInput>;

export const StartedRun = z.object({ runId: z.string() });
export type StartedRun = z.infer<typeof StartedRun>;
