import { recordAudit } from "@/lib/audit";
import type { JobCtx } from "@/lib/db/context";
import { type ErrorSummary, CancelledError, ConflictError, summarizeError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { claimRun, type ClaimedRun } from "./claim-run";
import { performSteps } from "./perform-steps";
import { RunLogWriter } from "./run-log";
import type { RunPlan, StepCtx } from "./step";
import { watchRun } from "./watch-run";

/**
 * Carries a run out, or on after its runner died. Every outcome is stored: succeeded, failed, aborted, or waiting for
 * an operator. Throws only when this runner must let go of it (its shutdown), so that the queue hands it to another.
 */
export async function performRun<Shared>(
  ctx: JobCtx,
  runId: string,
  planRun: (ctx: JobCtx, run: ClaimedRun) => Promise<RunPlan<Shared>>,
): Promise<void> {
  requirePermission(ctx, "job.perform");
  const run = await claimRun(ctx, runId);
  if (!run) return;
  const lines = new RunLogWriter(ctx, runId);
  const watch = watchRun(ctx, runId);
  const stepCtx: StepCtx = {
    ...ctx,
    signal: AbortSignal.any([ctx.signal, watch.signal]),
    run: { id: runId, say: (message, level = "info") => lines.say(null, message, level), progress: () => undefined },
  };
  try {
    if (run.attempts > 1) stepCtx.run.say(`taken over after its runner was gone, attempt ${run.attempts}`, "warning");
    const ended = await carryOut(stepCtx, { run, lines }, planRun);
    await lines.flush();
    if (ended.state !== "waiting") await endRun(ctx, run, ended);
  } finally {
    watch.stop();
    await lines.flush();
  }
}

type Ended =
  | { state: "succeeded"; result: Record<string, unknown> | null }
  | { state: "failed"; error: ErrorSummary }
  | { state: "aborted" }
  | { state: "waiting" };

async function carryOut<Shared>(
  ctx: StepCtx,
  { run, lines }: { run: ClaimedRun; lines: RunLogWriter },
  planRun: (ctx: JobCtx, run: ClaimedRun) => Promise<RunPlan<Shared>>,
): Promise<Ended> {
  let plan: RunPlan<Shared> | undefined;
  let ended: Ended;
  try {
    plan = await planRun(ctx, run);
    const outcome = await performSteps(ctx, { run, lines }, plan);
    ended =
      outcome === "waiting" ? { state: "waiting" } : { state: "succeeded", result: plan.result?.(plan.shared) ?? null };
  } catch (error) {
    ended = await describeEnd(ctx, run, error);
  }
  if (plan?.cleanUp && ended.state !== "waiting") {
    // Clean-up happens after an abort too, so it gets a signal of its own.
    await plan.cleanUp({ ...ctx, signal: AbortSignal.timeout(60_000) }, plan.shared, {
      state: ended.state,
      ...(ended.state === "failed" ? { error: ended.error } : {}),
    });
  }
  return ended;
}

async function describeEnd(ctx: StepCtx, run: ClaimedRun, error: unknown): Promise<Ended> {
  if (error instanceof CancelledError || ctx.signal.aborted) {
    const row = await ctx.db.run.findUniqueOrThrow({ where: { id: run.id }, select: { abortRequestedAt: true } });
    if (row.abortRequestedAt) {
      ctx.run.say("aborted by an operator", "warning");
      return { state: "aborted" };
    }
    throw error; // This runner stops: the queue gives the run to another one.
  }
  const summary = summarizeError(error);
  if (summary.code === "INTERNAL") ctx.log.error({ err: error, runId: run.id }, "a run failed unexpectedly");
  ctx.run.say(summary.hint ? `${summary.message}. ${summary.hint}` : summary.message, "error");
  return { state: "failed", error: summary };
}

/** Stores how it ended and says so in the audit log, in one transaction. */
async function endRun(ctx: JobCtx, run: ClaimedRun, ended: Exclude<Ended, { state: "waiting" }>): Promise<void> {
  requirePermission(ctx, "job.perform");
  await ctx.transaction(async (tx) => {
    const { count } = await tx.run.updateMany({
      where: { id: run.id, state: "running" },
      data: { state: ended.state, endedAt: ctx.now(), ...endFacts(ended) },
    });
    if (count === 0) throw new ConflictError(`run "${run.id}" was ended by somebody else`);
    await recordAudit(tx, ctx, {
      action: ended.state === "succeeded" ? "run.completed" : `run.${ended.state}`,
      entity: { type: "run", id: run.id },
      metadata: {
        kind: run.kind,
        title: run.title,
        ...(ended.state === "failed" ? { error: ended.error.message } : {}),
      },
    });
  });
}

function endFacts(ended: Exclude<Ended, { state: "waiting" }>) {
  if (ended.state === "failed") {
    const { code, message, hint = null } = ended.error;
    return { errorCode: code, errorMessage: message, errorHint: hint };
  }
  return ended.state === "succeeded" && ended.result ? { result: ended.result as object } : {};
}
