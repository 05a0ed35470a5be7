import { z } from "zod";
import { RUN_KINDS } from "@/lib/runs/schemas";

export const CADENCES = ["monthly", "quarterly", "annual"] as const;
export const DRILL_STATES = ["due", "done", "signed", "overdue", "missed"] as const;
export type DrillState = (typeof DRILL_STATES)[number];

/** A run as the evidence of a task. */
export const EvidenceView = z.object({
  runId: z.string(),
  title: z.string(),
  kind: z.enum(RUN_KINDS),
  mode: z.enum(["drill", "live"]).nullable(),
  system: z.string().nullable(),
  endedAt: z.string(),
  rtoActualSeconds: z.number().nullable(),
  rpoActualSeconds: z.number().nullable(),
});
export type EvidenceView = z.infer<typeof EvidenceView>;

/** One line of the recovery testing schedule for one period. */
export const DrillTaskView = z.object({
  id: z.string(),
  requirement: z.string(),
  title: z.string(),
  cadence: z.enum(CADENCES),
  period: z.string(),
  /** The last instant of the period, in UTC. */
  dueAt: z.string(),
  /** `overdue` can still be done; `missed` cannot, and stays so. */
  state: z.enum(DRILL_STATES),
  /** Done after it was due, or done and still not signed off then. */
  isLate: z.boolean(),
  /** `run`: a run proves it; `note`: people did it and say what came of it. */
  provenBy: z.enum(["run", "note"]),
  doneAt: z.string().nullable(),
  doneBy: z.string().nullable(),
  note: z.string().nullable(),
  /** Null with a `run` requirement that is done: a note alone stands for it, shown as such. */
  evidence: EvidenceView.nullable(),
  signedAt: z.string().nullable(),
  signedBy: z.string().nullable(),
  /** What the person who asks may do with it now. */
  mayComplete: z.boolean(),
  maySign: z.boolean(),
});
export type DrillTaskView = z.infer<typeof DrillTaskView>;

export const DrillPeriodView = z.object({
  /** `2026-11`, `2026-Q4`, `2026`. */
  name: z.string(),
  cadence: z.enum(CADENCES),
  startsAt: z.string(),
  /** The first instant after it. */
  endsAt: z.string(),
  counts: z.record(z.enum(DRILL_STATES), z.number()),
  tasks: z.array(DrillTaskView),
});
export type DrillPeriodView = z.infer<typeof DrillPeriodView>;

export const DrillPeriods = z.object({ asOf: z.string(), periods: z.array(DrillPeriodView) });
export type DrillPeriods = z.infer<typeof DrillPeriods>;

export const PERIOD_NAME = /^\d{4}(-(0[1-9]|1[0-2])|-Q[1-4])?$/;
const PeriodName = z.string().regex(PERIOD_NAME, "expected a month (2026-11), a quarter (2026-Q4) or a year (2026)");

export const ListDrillTasksInput = z.strictObject({
  /** The present month, quarter and year unless told. */
  period: PeriodName.optional(),
  cadence: z.enum(CADENCES).optional(),
});
export type ListDrillTasksInput = z.input<typeof ListDrillTasksInput>;

export const ListDrillHistoryInput = z.strictObject({
  cadence: z.enum(CADENCES).optional(),
  /** Periods of each cadence at most. */
  limit: z.coerce.number().int().min(1).max(60).default(12),
});
export type ListDrillHistoryInput = z.input<typeof ListDrillHistoryInput>;

export const NOTE_LENGTH_MIN = 10;

export const CompleteDrillTaskInput = z.strictObject({
  taskId: z.uuid(),
  note: z.string().trim().max(4_000).optional(),
  evidenceRunId: z.uuid().optional(),
});
export type CompleteDrillTaskInput = z.input<typeof CompleteDrillTaskInput>;

export const SignDrillTaskInput = z.strictObject({ taskId: z.uuid() });
export type SignDrillTaskInput = z.input<typeof SignDrillTaskInput>;

export const SuggestEvidenceInput = z.strictObject({
  taskId: z.uuid(),
  limit: z.coerce.number().int().min(1).max(20).default(5),
});
export type SuggestEvidenceInput = z.input<typeof SuggestEvidenceInput>;
