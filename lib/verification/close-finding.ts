import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { actorId, actorLabel } from "@/lib/kernel/actor";
import { ConflictError, NotFoundError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { FINDING_INCLUDE, toFindingView } from "./finding-view";
import { CloseFindingInput, type FindingView } from "./schemas";

/** Closes a finding, with a note of what was done. What is found again opens a new one. @throws NotFoundError, ConflictError when it is closed already */
export async function closeFinding(ctx: Ctx, input: CloseFindingInput): Promise<FindingView> {
  requirePermission(ctx, "finding.manage");
  const { id, note } = CloseFindingInput.parse(input);
  return ctx.transaction(async (tx) => {
    const { count } = await tx.finding.updateMany({
      where: { id, closedAt: null },
      data: { closedAt: ctx.now(), closedBy: actorId(ctx.actor), closedByLabel: actorLabel(ctx.actor), note },
    });
    const row = await tx.finding.findUnique({ where: { id }, include: FINDING_INCLUDE });
    if (!row) throw new NotFoundError("finding", id);
    if (count === 0) throw new ConflictError("the finding is closed already", { hint: "Its note says what was done." });
    await recordAudit(tx, ctx, {
      action: "finding.closed",
      entity: { type: "finding", id },
      metadata: { kind: row.kind, title: row.title, note },
    });
    return toFindingView(row, ctx.now());
  });
}
