import { recordAudit } from "@/lib/audit";
import type { Ctx, Tx } from "@/lib/db/context";
import { actorLabel } from "@/lib/kernel/actor";
import { NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { AbortRunInput, OPEN_RUN_STATES } from "./schemas";

/**
 * Asks for a run's end. A run that nobody works on ends at once; a running one ends when its runner has cleaned up,
 * normally within seconds. Asking twice is asking once. @throws NotFoundError, PreconditionError when it has ended
 */
export async function abortRun(ctx: Ctx, input: { id: string; reason?: string }): Promise<{ runId: string }> {
  requirePermission(ctx, "run.abort");
  const { id, reason } = AbortRunInput.parse(input);
  return ctx.transaction(async (tx) => {
    const run = await tx.run.findUnique({ where: { id }, select: { state: true, title: true } });
    if (!run) throw new NotFoundError("run", id);
    const { count } = await tx.run.updateMany({
      where: { id, state: { in: [...OPEN_RUN_STATES] }, abortRequestedAt: null },
      data: { abortRequestedAt: ctx.now(), abortRequestedBy: actorLabel(ctx.actor) },
    });
    if (count === 0) {
      if ((OPEN_RUN_STATES as readonly string[]).includes(run.state)) return { runId: id };
      throw new PreconditionError(`run "${id}" has ended: ${run.state}`, { hint: "Nothing is left to abort." });
    }
    await recordAudit(tx, ctx, {
      action: "run.abort-requested",
      entity: { type: "run", id },
      metadata: { title: run.title, ...(reason ? { reason } : {}) },
    });
    await abortIdleRun(tx, ctx, { id, title: run.title });
    return { runId: id };
  });
}

/** Ends a run that nobody works on: its steps stay as they are, the one that waited is not carried out any more. */
export async function abortIdleRun(tx: Tx, ctx: Ctx, run: { id: string; title: string }): Promise<boolean> {
  const { count } = await tx.run.updateMany({
    where: { id: run.id, state: { in: ["queued", "waiting"] } },
    data: { state: "aborted", endedAt: ctx.now() },
  });
  if (count === 0) return false;
  await tx.runStep.updateMany({ where: { runId: run.id, state: "waiting" }, data: { state: "aborted" } });
  await recordAudit(tx, ctx, {
    action: "run.aborted",
    entity: { type: "run", id: run.id },
    metadata: { title: run.title },
  });
  return true;
}
