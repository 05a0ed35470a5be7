import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { ConflictError, NotFoundError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { FINDING_INCLUDE, toFindingView } from "./finding-view";
import { AssignFindingInput, type FindingView } from "./schemas";

/** Gives an open finding another owner or due date. @throws NotFoundError, ConflictError when it is closed */
export async function assignFinding(ctx: Ctx, input: AssignFindingInput): Promise<FindingView> {
  requirePermission(ctx, "finding.manage");
  const { id, owner, dueAt } = AssignFindingInput.parse(input);
  return ctx.transaction(async (tx) => {
    const before = await tx.finding.findUnique({ where: { id } });
    if (!before) throw new NotFoundError("finding", id);
    const change = { ...(owner ? { owner } : {}), ...(dueAt ? { dueAt: new Date(dueAt) } : {}) };
    const { count } = await tx.finding.updateMany({ where: { id, closedAt: null }, data: change });
    if (count === 0) throw new ConflictError("the finding is closed", { hint: "Open a new one if it came back." });
    const row = await tx.finding.findUniqueOrThrow({ where: { id }, include: FINDING_INCLUDE });
    await recordAudit(tx, ctx, {
      action: "finding.assigned",
      entity: { type: "finding", id },
      changes: {
        before: { owner: before.owner, dueAt: before.dueAt },
        after: { owner: row.owner, dueAt: row.dueAt },
      },
    });
    return toFindingView(row, ctx.now());
  });
}
