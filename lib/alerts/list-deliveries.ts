import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { toDeliveryView } from "./alert-view";
import { type DeliveryView, ListDeliveriesInput } from "./schemas";

/** Deliveries by their ids, in the order of their recipients. */
export async function listDeliveries(ctx: Ctx, input: ListDeliveriesInput): Promise<DeliveryView[]> {
  requirePermission(ctx, "alert.read");
  const { ids } = ListDeliveriesInput.parse(input);
  const rows = await ctx.db.alertDelivery.findMany({ where: { id: { in: ids } }, orderBy: { recipient: "asc" } });
  return rows.map(toDeliveryView);
}
