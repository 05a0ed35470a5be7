import type { Prisma } from "@/lib/db/client";
import {
  type ClockName,
  type LogLine,
  type LogLevel,
  type RunDetail,
  type RunKind,
  type RunState,
  type RunSummary,
  type StepState,
  type StepView,
  Progress,
} from "./schemas";

/** What a list needs of a run: its steps without their outcomes. */
export const SUMMARY_INCLUDE = {
  system: { select: { name: true, rtoTargetSeconds: true, rpoTargetSeconds: true } },
  steps: { orderBy: { index: "asc" } },
} as const satisfies Prisma.RunInclude;

export type RunRow = Prisma.RunGetPayload<{ include: typeof SUMMARY_INCLUDE }>;
type StepRow = RunRow["steps"][number];

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;
const secondsOf = (ms: bigint | null): number | null => (ms === null ? null : Number(ms) / 1_000);

export function toRunSummary(row: RunRow): RunSummary {
  const current = row.steps.find((step) => step.state === "running" || step.state === "waiting");
  return {
    id: row.id,
    kind: row.kind as RunKind,
    title: row.title,
    system: row.system?.name ?? null,
    runbook: row.runbook,
    mode: row.mode as RunSummary["mode"],
    state: row.state as RunState,
    startedBy: row.startedByLabel,
    queuedAt: row.queuedAt.toISOString(),
    startedAt: iso(row.startedAt),
    endedAt: iso(row.endedAt),
    stepsDone: row.steps.filter((step) => step.state === "succeeded" || step.state === "skipped").length,
    stepsTotal: row.steps.length,
    currentStep: current?.title ?? null,
    progress: current ? parseProgress(current) : null,
    disruptionAt: iso(row.disruptionAt),
    statedDisruptionAt: iso(row.statedDisruptionAt),
    rtoTargetSeconds: row.system?.rtoTargetSeconds ?? null,
    rpoTargetSeconds: row.system?.rpoTargetSeconds ?? null,
    rtoActualSeconds: secondsOf(row.rtoActualMs),
    rpoActualSeconds: secondsOf(row.rpoActualMs),
    error: row.errorMessage
      ? { code: row.errorCode ?? "INTERNAL", message: row.errorMessage, hint: row.errorHint }
      : null,
  };
}

export function toRunDetail(row: RunRow): RunDetail {
  return {
    ...toRunSummary(row),
    reason: row.reason,
    runner: row.runner,
    attempts: row.attempts,
    backupId: row.backupId,
    clocks: row.clocks as Partial<Record<ClockName, string>>,
    parameters: row.parameters as Record<string, unknown>,
    result: row.result as Record<string, unknown> | null,
    abortRequestedAt: iso(row.abortRequestedAt),
    steps: row.steps.map(toStepView),
  };
}

function toStepView(step: StepRow): StepView {
  const outcome = step.outcome as { summary?: unknown } | null;
  return {
    id: step.id,
    key: step.key,
    title: step.title,
    owner: step.owner,
    state: step.state as StepState,
    estimateSeconds: step.estimateSeconds,
    actualSeconds: step.startedAt && step.endedAt ? (step.endedAt.getTime() - step.startedAt.getTime()) / 1_000 : null,
    startedAt: iso(step.startedAt),
    endedAt: iso(step.endedAt),
    exercised: step.exercised,
    repeatable: step.repeatable,
    attempts: step.attempts,
    progress: parseProgress(step),
    summary: typeof outcome?.summary === "string" ? outcome.summary : null,
    error: step.error,
  };
}

function parseProgress(step: StepRow): Progress | null {
  return step.progress === null ? null : Progress.parse(step.progress);
}

export function toLogLine(row: {
  id: bigint;
  at: Date;
  level: string;
  stepKey: string | null;
  message: string;
}): LogLine {
  return {
    id: Number(row.id),
    at: row.at.toISOString(),
    level: row.level as LogLevel,
    step: row.stepKey,
    message: row.message,
  };
}
