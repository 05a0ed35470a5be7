import { recordAudit } from "@/lib/audit";
import type { JobCtx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";

/** A run whose runner gave no sign of life for this long, and that no other runner took over. */
const GONE_AFTER_MS = 120_000;

/** Ends runs that no runner will take over any more (the queue has given up). Returns how many. */
export async function sweepRuns(ctx: JobCtx): Promise<number> {
  requirePermission(ctx, "job.perform");
  const before = new Date(ctx.now().getTime() - GONE_AFTER_MS);
  const gone = await ctx.db.run.findMany({
    where: { state: "running", heartbeatAt: { lt: before } },
    select: { id: true, title: true, kind: true },
    take: 100,
  });
  let ended = 0;
  for (const run of gone) {
    ended += await ctx.transaction(async (tx) => {
      const { count } = await tx.run.updateMany({
        where: { id: run.id, state: "running", heartbeatAt: { lt: before } },
        data: {
          state: "failed",
          endedAt: ctx.now(),
          errorCode: "ENGINE",
          errorMessage: "its runner is gone and no other one took it over",
          errorHint: "Is a runner working? `holdfast doctor` says; start the run again.",
        },
      });
      if (count === 0) return 0;
      await tx.runStep.updateMany({
        where: { runId: run.id, state: "running" },
        data: { state: "failed", endedAt: ctx.now(), error: "its runner is gone" },
      });
      await recordAudit(tx, ctx, {
        action: "run.failed",
        entity: { type: "run", id: run.id },
        metadata: { kind: run.kind, title: run.title, error: "its runner is gone" },
      });
      return 1;
    });
  }
  return ended;
}
