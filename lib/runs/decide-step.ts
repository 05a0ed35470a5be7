import { recordAudit } from "@/lib/audit";
import type { Ctx, Tx } from "@/lib/db/context";
import { ConflictError, NotFoundError, PreconditionError, ValidationError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { enqueue } from "@/lib/queue";
import { abortIdleRun } from "./abort-run";
import { runJob } from "./jobs";
import { DecideStepInput } from "./schemas";

/**
 * An operator's word on a step that waits because its runner was gone: `retry` carries it out again, `skip` goes on
 * without it (with a reason), `abort` ends the run.
 * @throws NotFoundError, PreconditionError when the step does not wait, ConflictError when somebody else decided first
 */
export async function decideStep(ctx: Ctx, input: DecideStepInput): Promise<{ runId: string }> {
  requirePermission(ctx, "run.decide");
  const { id, step: stepName, decision, reason } = DecideStepInput.parse(input);
  if (decision === "skip" && !reason) {
    throw new ValidationError([{ path: "reason", message: "a step is skipped only with a reason" }]);
  }
  return ctx.transaction(async (tx) => {
    const run = await tx.run.findUnique({ where: { id }, include: { steps: true } });
    if (!run) throw new NotFoundError("run", id);
    const step = run.steps.find((each) => each.id === stepName || each.key === stepName);
    if (!step) throw new NotFoundError("step", stepName);
    if (run.state !== "waiting" || step.state !== "waiting") {
      throw new PreconditionError(`step "${step.title}" does not wait for a decision`, {
        hint: "Only a step whose runner was gone in the middle of it waits.",
      });
    }
    await recordAudit(tx, ctx, {
      action: "run.decided",
      entity: { type: "run", id },
      metadata: { step: step.key, decision, ...(reason ? { reason } : {}) },
    });
    await applyDecision(tx, ctx, { run, stepId: step.id, decision });
    return { runId: id };
  });
}

async function applyDecision(
  tx: Tx,
  ctx: Ctx,
  choice: {
    run: { id: string; title: string; parameters: unknown };
    stepId: string;
    decision: "retry" | "skip" | "abort";
  },
): Promise<void> {
  const { run, stepId, decision } = choice;
  const lost = new ConflictError(`run "${run.id}" no longer waits`, {
    hint: "Somebody else decided first: look at it.",
  });
  if (decision === "abort") {
    if (!(await abortIdleRun(tx, ctx, run))) throw lost;
    return;
  }
  const { count } = await tx.run.updateMany({ where: { id: run.id, state: "waiting" }, data: { state: "queued" } });
  if (count === 0) throw lost;
  await tx.runStep.update({ where: { id: stepId }, data: { state: decision === "retry" ? "pending" : "skipped" } });
  await enqueue(tx, runJob, { payload: { runId: run.id }, place: placeOf(run.parameters) });
}

function placeOf(parameters: unknown): string {
  const place = (parameters as { place?: unknown } | null)?.place;
  return typeof place === "string" ? place : "primary";
}
