import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { enqueue } from "@/lib/queue";
import { alertDeliveryJob } from "./jobs";

/** A job that was not begun by then is lost, or its runner is: whoever lives sends another. Two send nothing twice. */
const LOST_AFTER_MS = 20_000;
const DELIVERIES_MAX = 200;

/** Gives every delivery whose time has come to a runner of this place. @returns how many */
export async function enqueueDeliveries(ctx: Ctx, place: string): Promise<number> {
  requirePermission(ctx, "job.perform");
  const now = ctx.now();
  const lost = new Date(now.getTime() - LOST_AFTER_MS);
  const isDue = {
    state: "pending",
    nextTryAt: { lte: now },
    OR: [{ enqueuedAt: null }, { enqueuedAt: { lt: lost } }],
  };
  const due = await ctx.db.alertDelivery.findMany({ where: isDue, take: DELIVERIES_MAX, select: { id: true } });
  let enqueued = 0;
  for (const { id } of due) {
    // No change of state: the delivery leaves its event when it ends.
    enqueued += await ctx.db.$transaction(async (tx) => {
      const { count } = await tx.alertDelivery.updateMany({ where: { id, ...isDue }, data: { enqueuedAt: now } });
      if (count > 0) await enqueue(tx, alertDeliveryJob, { payload: { deliveryId: id }, place });
      return count;
    });
  }
  return enqueued;
}
