import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { actorId, actorLabel } from "@/lib/kernel/actor";
import { ConflictError, PreconditionError, RefusedError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { type DrillTaskView, SignDrillTaskInput } from "./schemas";
import { type TaskRow, getTaskRow, isAnotherPerson, readTaskView } from "./task-view";

function requireSignable(ctx: Ctx, task: TaskRow): void {
  const name = `"${task.requirement}" of ${task.period}`;
  if (task.signedAt) {
    throw new ConflictError(`${name} is signed off already`, { hint: "Who signed it is shown beside it." });
  }
  if (!task.doneAt) {
    throw new PreconditionError(`${name} is not done`, { hint: "Complete it with evidence or a note first." });
  }
  if (!isAnotherPerson(ctx, task)) {
    throw new RefusedError(`${name} must be signed off by another person than did it`, {
      hint: "Ask someone with the role operator, auditor or administrator to look at the evidence and sign.",
    });
  }
}

/** Signs off a done task. Done and signed off are two acts of two people.
 *  @throws PreconditionError when it is not done, ConflictError when it is signed, RefusedError for whoever did it */
export async function signDrillTask(ctx: Ctx, input: SignDrillTaskInput): Promise<DrillTaskView> {
  requirePermission(ctx, "drill.sign");
  const { taskId } = SignDrillTaskInput.parse(input);
  return ctx.transaction(async (tx) => {
    const task = await getTaskRow(tx, taskId);
    requireSignable(ctx, task);
    const signed = { signedAt: ctx.now(), signedBy: actorId(ctx.actor), signedByLabel: actorLabel(ctx.actor) };
    const { count } = await tx.drillTask.updateMany({ where: { id: taskId, signedAt: null }, data: signed });
    if (count === 0) {
      throw new ConflictError(`"${task.requirement}" of ${task.period} was signed off by someone else just now`, {
        hint: "Who signed it is shown beside it.",
      });
    }
    await recordAudit(tx, ctx, {
      action: "drill.signed",
      entity: { type: "drill-task", id: taskId },
      metadata: {
        requirement: task.requirement,
        period: task.period,
        doneBy: task.doneByLabel,
        evidenceRunId: task.evidenceRunId,
      },
    });
    return readTaskView(tx, ctx, taskId);
  });
}
