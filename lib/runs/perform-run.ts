import { type NewAuditEvent, recordAudit } from "@/lib/audit";
import type { JobCtx } from "@/lib/db/context";
import { type ErrorSummary, ConflictError, summarizeError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { type ClaimedRun, claimRun, heldBy } from "./claim-run";
import { performSteps } from "./perform-steps";
import { RunLogWriter, storableText } from "./run-log";
import type { RunPlan, StepCtx } from "./step";
import { watchRun } from "./watch-run";

/**
 * Carries a run out, or on after its runner died. Every outcome is stored: succeeded, failed, aborted, or waiting for
 * an operator. Throws only when this runner must let go of it (its shutdown), so that the queue hands it to another.
 * @throws ConflictError while another runner is at work on it
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
  const watch = watchRun(ctx, run);
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
  } catch (error) {
    // Whoever comes next need not wait until this runner looks dead.
    await ctx.db.run.updateMany({ where: heldBy(run), data: { runner: null } });
    throw error;
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

/** Clean-up happens after an abort too, so it gets a signal of its own. */
const CLEAN_UP_MS = 60_000;

async function carryOut<Shared>(
  ctx: StepCtx,
  { run, lines }: { run: ClaimedRun; lines: RunLogWriter },
  planRun: (ctx: JobCtx, run: ClaimedRun) => Promise<RunPlan<Shared>>,
): Promise<Ended> {
  let plan: RunPlan<Shared> | undefined;
  try {
    plan = await planRun(ctx, run);
    const outcome = await performSteps(ctx, { run, lines }, plan);
    if (outcome === "waiting") return { state: "waiting" };
    const result = plan.result?.(plan.shared) ?? null;
    return await cleanUp(ctx, { run, plan }, { state: "succeeded", result });
  } catch (error) {
    const ended = await describeEnd(ctx, run, error);
    if (ended) return plan ? cleanUp(ctx, { run, plan }, ended) : ended;
    await letGo(ctx, plan);
    throw error; // This runner stops: the queue gives the run to another one.
  }
}

type FinalEnd = Exclude<Ended, { state: "waiting" }>;

async function cleanUp<Shared>(
  ctx: StepCtx,
  { run, plan }: { run: ClaimedRun; plan: RunPlan<Shared> },
  ended: FinalEnd,
): Promise<FinalEnd> {
  try {
    const facts = { state: ended.state, ...(ended.state === "failed" ? { error: ended.error } : {}) };
    await plan.cleanUp?.({ ...ctx, signal: AbortSignal.timeout(CLEAN_UP_MS) }, plan.shared, facts);
    return ended;
  } catch (error) {
    const failed = describeFailure(ctx, run, error);
    return ended.state === "succeeded" ? failed : ended;
  }
}

async function letGo<Shared>(ctx: StepCtx, plan: RunPlan<Shared> | undefined): Promise<void> {
  try {
    await plan?.letGo?.({ ...ctx, signal: AbortSignal.timeout(CLEAN_UP_MS) }, plan.shared);
  } catch (cause) {
    ctx.log.warn({ err: cause, runId: ctx.run.id }, "what a run held could not be freed");
  }
}

/** How a run ended with an error; null when it did not end, but is no longer this runner's to carry on. */
async function describeEnd(ctx: StepCtx, run: ClaimedRun, error: unknown): Promise<FinalEnd | null> {
  const row = await ctx.db.run.findFirst({ where: heldBy(run), select: { abortRequestedAt: true } });
  if (!row) return null;
  if (!ctx.signal.aborted) return describeFailure(ctx, run, error);
  if (!row.abortRequestedAt) return null;
  ctx.run.say("aborted by an operator", "warning");
  return { state: "aborted" };
}

function describeFailure(ctx: StepCtx, run: ClaimedRun, error: unknown): FinalEnd {
  const summary = summarizeError(error);
  if (summary.code === "INTERNAL") ctx.log.error({ err: error, runId: run.id }, "a run failed unexpectedly");
  ctx.run.say(summary.hint ? `${summary.message}. ${summary.hint}` : summary.message, "error");
  return { state: "failed", error: summary };
}

/** Stores how it ended and says so in the audit log, in one transaction. */
async function endRun(ctx: JobCtx, run: ClaimedRun, ended: FinalEnd): Promise<void> {
  requirePermission(ctx, "job.perform");
  await ctx.transaction(async (tx) => {
    const { count } = await tx.run.updateMany({
      where: heldBy(run),
      data: { state: ended.state, endedAt: ctx.now(), ...endFacts(ended) },
    });
    if (count === 0) throw new ConflictError(`run "${run.id}" was ended by somebody else`);
    const error = ended.state === "failed" ? { error: ended.error.message } : {};
    await recordAudit(tx, ctx, {
      action: ended.state === "succeeded" ? "run.completed" : `run.${ended.state}`,
      entity: { type: "run", id: run.id },
      metadata: { kind: run.kind, title: run.title, ...error },
    });
    const own = ownEndOf(run, ended);
    if (own) await recordAudit(tx, ctx, { ...own, metadata: { ...own.metadata, ...error } });
  });
}

/** By the name under which people look for it: backups and verifications leave theirs with their own rows. */
function ownEndOf(run: ClaimedRun, ended: FinalEnd): NewAuditEvent | null {
  if (ended.state === "aborted" || (run.kind !== "restore" && run.kind !== "runbook")) return null;
  const { system, at, from, to } = run.parameters;
  return {
    action: `${run.kind}.${ended.state === "succeeded" ? "completed" : "failed"}`,
    entity: run.kind === "restore" ? { type: "system", id: String(system) } : { type: "runbook", id: run.runbook },
    metadata: {
      run: run.id,
      system,
      at,
      from: from ?? null,
      ...(run.kind === "restore" ? { to } : { mode: run.mode }),
    },
  };
}

function endFacts(ended: FinalEnd) {
  if (ended.state === "failed") {
    const { code, message, hint = null } = ended.error;
    return { errorCode: code, errorMessage: storableText(message), errorHint: hint };
  }
  return ended.state === "succeeded" && ended.result ? { result: ended.result as object } : {};
}
