import { CancelledError, summarizeError } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { Prisma } from "@/lib/db/client";
import { monotonicMs } from "@/lib/kernel/time";
import { type ClaimedRun, heldBy } from "./claim-run";
import { measureProgress, planTakeOver } from "./model";
import { type RunLogWriter, storableText } from "./run-log";
import type { StepState } from "./schemas";
import type { RunHandle, RunPlan, Step, StepCtx } from "./step";

interface StepRow {
  id: string;
  index: number;
  key: string;
  state: StepState;
}

/** Carries out the steps that are still to do, in order; stores each intent before and each outcome after. */
export async function performSteps<Shared>(
  ctx: StepCtx,
  { run, lines }: { run: ClaimedRun; lines: RunLogWriter },
  plan: RunPlan<Shared>,
): Promise<"done" | "waiting"> {
  const rows = await prepareSteps(ctx, run, plan.steps);
  if (rows === "waiting") return "waiting";
  for (const [index, step] of plan.steps.entries()) {
    const row = rows[index];
    if (!row || row.state === "succeeded" || row.state === "skipped") continue;
    ctx.signal.throwIfAborted();
    await performStep({ ctx, run, row, lines }, step, plan.shared);
  }
  return "done";
}

/** Stores the plan at the first attempt; at a later one decides which steps are carried out again. */
async function prepareSteps<Shared>(
  ctx: StepCtx,
  run: ClaimedRun,
  steps: readonly Step<Shared>[],
): Promise<StepRow[] | "waiting"> {
  await ctx.db.runStep.createMany({
    skipDuplicates: true,
    data: steps.map((step, index) => ({
      id: newId(),
      runId: run.id,
      index,
      key: step.key,
      title: step.title,
      owner: step.owner ?? null,
      state: "pending",
      estimateSeconds: step.estimateSeconds ?? null,
      exercised: step.exercised ?? true,
      repeatable: step.repeatable,
    })),
  });
  const stored = await readSteps(ctx, run.id);
  const plan = planTakeOver(
    steps.map((step, index) => ({
      key: step.key,
      state: stored[index]?.state ?? "pending",
      repeatable: step.repeatable,
      ephemeral: step.ephemeral ?? false,
      settling: step.settling ?? false,
    })),
  );
  if (plan.kind === "ask") {
    await waitForDecision(ctx, run, plan.step);
    return "waiting";
  }
  if (plan.resetFrom === null) return stored;
  await ctx.db.runStep.updateMany({
    where: { run: heldBy(run), index: { gte: plan.resetFrom }, state: { not: "skipped" } },
    data: { state: "pending", endedAt: null, error: null },
  });
  return readSteps(ctx, run.id);
}

async function readSteps(ctx: StepCtx, runId: string): Promise<StepRow[]> {
  const rows = await ctx.db.runStep.findMany({
    where: { runId },
    orderBy: { index: "asc" },
    select: { id: true, index: true, key: true, state: true },
  });
  return rows.map((row) => ({ ...row, state: row.state as StepState }));
}

async function waitForDecision(ctx: StepCtx, run: ClaimedRun, index: number): Promise<void> {
  await ctx.db.$transaction([
    ctx.db.runStep.updateMany({ where: { index, run: heldBy(run) }, data: { state: "waiting" } }),
    ctx.db.run.updateMany({ where: heldBy(run), data: { state: "waiting" } }),
  ]);
  ctx.run.say(
    "a step had begun when its runner was gone, and it must not happen twice: retry it, skip it or abort the run",
    "warning",
  );
}

interface StepFrame {
  ctx: StepCtx;
  run: ClaimedRun;
  row: StepRow;
  lines: RunLogWriter;
}

async function performStep<Shared>(frame: StepFrame, step: Step<Shared>, shared: Shared): Promise<void> {
  const { ctx, lines } = frame;
  await storeStep(frame, {
    state: "running",
    attempts: { increment: 1 },
    startedAt: ctx.now(),
    endedAt: null,
    error: null,
    progress: Prisma.DbNull,
  });
  const { run, stop } = stepHandle(frame, step.key);
  try {
    const outcome = await step.perform({ ...ctx, run }, shared);
    await stop();
    lines.say(step.key, outcome.summary, "info");
    await lines.flush();
    await storeStep(frame, { state: "succeeded", endedAt: ctx.now(), outcome: outcome as object });
  } catch (error) {
    await stop();
    const { aborted } = ctx.signal;
    await storeStep(frame, {
      state: aborted ? "aborted" : "failed",
      endedAt: ctx.now(),
      error: aborted ? null : storableText(summarizeError(error).message),
    });
    throw error;
  }
}

/** @throws CancelledError when the run is no longer this runner's: it must not go on, and not overwrite the other's */
async function storeStep({ ctx, run, row }: StepFrame, data: Prisma.RunStepUpdateManyMutationInput): Promise<void> {
  const { count } = await ctx.db.runStep.updateMany({ where: { id: row.id, run: heldBy(run) }, data });
  if (count === 0) throw new CancelledError("the run is no longer this runner's");
}

const PROGRESS_PERIOD_MS = 500;

/** The step's own voice: its log lines carry its key, its progress is stored at most twice a second. */
function stepHandle(frame: StepFrame, key: string): { run: RunHandle; stop: () => Promise<void> } {
  const { ctx, row, lines } = frame;
  const begunMs = monotonicMs();
  let lastMs = -PROGRESS_PERIOD_MS;
  let writing: Promise<unknown> = Promise.resolve();
  const run: RunHandle = {
    id: ctx.run.id,
    say: (message, level = "info") => lines.say(key, message, level),
    progress: (facts) => {
      const elapsedMs = monotonicMs() - begunMs;
      if (elapsedMs - lastMs < PROGRESS_PERIOD_MS && facts.done !== facts.total) return;
      lastMs = elapsedMs;
      const progress = measureProgress(facts, elapsedMs);
      writing = writing
        .then(() => ctx.db.runStep.updateMany({ where: { id: row.id, run: heldBy(frame.run) }, data: { progress } }))
        .catch((cause: unknown) => ctx.log.warn({ err: cause }, "a step's progress could not be stored"));
    },
  };
  return {
    run,
    stop: async () => {
      await writing;
    },
  };
}
