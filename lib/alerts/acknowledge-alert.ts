import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { actorId, actorLabel } from "@/lib/kernel/actor";
import { ConflictError, NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { AcknowledgeAlertInput, type AlertView } from "./schemas";
import { readAlertView } from "./alert-view";

/** Says that somebody has taken an alert. Its task and its clock go on.
 *  @throws NotFoundError, ConflictError when somebody has taken it, PreconditionError when it is over */
export async function acknowledgeAlert(ctx: Ctx, input: AcknowledgeAlertInput): Promise<AlertView> {
  requirePermission(ctx, "alert.acknowledge");
  const { id, note } = AcknowledgeAlertInput.parse(input);
  return ctx.transaction(async (tx) => {
    const alert = await tx.alert.findUnique({ where: { id }, include: { system: { select: { name: true } } } });
    if (!alert) throw new NotFoundError("alert", id);
    const { count } = await tx.alert.updateMany({
      where: { id, acknowledgedAt: null, resolvedAt: null },
      data: {
        acknowledgedAt: ctx.now(),
        acknowledgedBy: actorId(ctx.actor),
        acknowledgedByLabel: actorLabel(ctx.actor),
        note: note ?? null,
      },
    });
    if (count === 0 && alert.resolvedAt) {
      throw new PreconditionError(`alert "${id}" is resolved`, { hint: "Nothing is left to be taken." });
    }
    if (count === 0) {
      throw new ConflictError(`alert "${id}" was acknowledged by ${alert.acknowledgedByLabel ?? "somebody else"}`, {
        hint: "Ask them before you do the same work.",
      });
    }
    await recordAudit(tx, ctx, {
      action: "alert.acknowledged",
      entity: { type: "alert", id },
      metadata: { kind: alert.kind, system: alert.system.name, note: note ?? null },
    });
    return readAlertView(tx, ctx, id);
  });
}
