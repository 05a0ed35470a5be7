import type { Ctx, Tx } from "@/lib/db/context";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import type { Recipient } from "./recipients";
import type { DeliveryEvent } from "./schemas";

/** A message of an alert to each of its recipients; they are sent once the transaction is there. */
export async function addDeliveries(
  tx: Tx,
  ctx: Ctx,
  message: { alertId: string; event: DeliveryEvent; recipients: readonly Recipient[] },
): Promise<void> {
  requirePermission(ctx, "job.perform");
  const { alertId, event, recipients } = message;
  const now = ctx.now();
  await tx.alertDelivery.createMany({
    data: recipients.map(({ channel, kind, recipient }) => ({
      ...{ id: newId(), alertId, event, channel, kind, recipient },
      state: "pending",
      createdAt: now,
      nextTryAt: now,
    })),
  });
}
