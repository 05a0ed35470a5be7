import { recordAudit } from "@/lib/audit";
import type { Ctx, Tx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";

/** Ends a run that waits in the queue and that nobody is to begin any more, with the reason. A run that has begun stays. */
export async function abandonRun(
  tx: Tx,
  ctx: Ctx,
  { id, message, hint }: { id: string; message: string; hint: string },
): Promise<boolean> {
  requirePermission(ctx, "job.perform");
  const { count } = await tx.run.updateMany({
    where: { id, state: "queued", startedAt: null },
    data: {
      state: "aborted",
      endedAt: ctx.now(),
      errorCode: "PRECONDITION",
      errorMessage: message,
      errorHint: hint,
    },
  });
  if (count === 0) return false;
  await recordAudit(tx, ctx, { action: "run.aborted", entity: { type: "run", id }, metadata: { reason: message } });
  return true;
}
