import { recordAudit } from "@/lib/audit";
import type { Ctx, Tx } from "@/lib/db/context";
import { actorId, actorLabel } from "@/lib/kernel/actor";
import { ConflictError, NotFoundError, PreconditionError, ValidationError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { findEvidence } from "./evidence";
import { drillStateOf, parsePeriod } from "./model";
import { findRequirement } from "./requirements";
import { CompleteDrillTaskInput, type DrillTaskView, NOTE_LENGTH_MIN } from "./schemas";
import { type TaskRow, getTaskRow, readTaskView } from "./task-view";

function requireOpen(ctx: Ctx, task: TaskRow): void {
  const state = drillStateOf(task, ctx.now());
  if (state === "done" || state === "signed") {
    throw new ConflictError(`"${task.requirement}" of ${task.period} is done already`, {
      hint: "Look at its note and evidence: who did it is shown there.",
    });
  }
  if (state === "missed") {
    throw new PreconditionError(`"${task.requirement}" of ${task.period} was missed`, {
      hint: "Hold it for the present period: a missed test stays on record.",
    });
  }
}

/* A test is proven by a run; where it was held without one, and for what people do, somebody says what was done. */
function requireNote(task: TaskRow, note: string | undefined, hasRun: boolean): void {
  if (hasRun || (note?.length ?? 0) >= NOTE_LENGTH_MIN) return;
  const isTest = findRequirement(task.requirement)?.evidence != null;
  throw new ValidationError(
    [
      {
        path: "note",
        message: isTest
          ? "expected a run as evidence, or a note that says why there is none"
          : "expected a note of what was done",
      },
    ],
    `Write at least ${NOTE_LENGTH_MIN} characters: another person signs on the strength of it.`,
  );
}

async function requireEvidence(tx: Tx, task: TaskRow, runId: string): Promise<void> {
  const run = await tx.run.findUnique({ where: { id: runId }, select: { state: true } });
  if (!run) throw new NotFoundError("run", runId);
  if (run.state !== "succeeded") {
    throw new PreconditionError(`the run "${runId}" is ${run.state}: only one that succeeded is evidence`, {
      hint: "Is there another run of this period that succeeded?",
    });
  }
  const period = parsePeriod(task.period);
  const rule = findRequirement(task.requirement)?.evidence ?? null;
  const search = { rule, startsAt: period?.startsAt ?? task.dueAt, dueAt: task.dueAt };
  const [fitting] = await findEvidence(tx, search, { limit: 1, runId });
  if (fitting) return;
  throw new PreconditionError(`the run "${runId}" does not prove "${task.requirement}" of ${task.period}`, {
    hint: "Did it end within the period, is it of the kind that the line asks for, and did it measure what it asks for?",
  });
}

/** Records that a task was done, by a run as evidence, a note, or both.
 *  @throws ConflictError when it is done, PreconditionError when it was missed or the run does not prove it,
 *  ValidationError without evidence and without a note */
export async function completeDrillTask(ctx: Ctx, input: CompleteDrillTaskInput): Promise<DrillTaskView> {
  requirePermission(ctx, "drill.complete");
  const { taskId, note, evidenceRunId } = CompleteDrillTaskInput.parse(input);
  return ctx.transaction(async (tx) => {
    const task = await getTaskRow(tx, taskId);
    requireOpen(ctx, task);
    requireNote(task, note, evidenceRunId !== undefined);
    if (evidenceRunId !== undefined) await requireEvidence(tx, task, evidenceRunId);
    const done = {
      doneAt: ctx.now(),
      doneBy: actorId(ctx.actor),
      doneByLabel: actorLabel(ctx.actor),
      note: note ? note : null,
      evidenceRunId: evidenceRunId ?? null,
    };
    const { count } = await tx.drillTask.updateMany({ where: { id: taskId, doneAt: null }, data: done });
    if (count === 0) {
      throw new ConflictError(`"${task.requirement}" of ${task.period} was done by someone else just now`, {
        hint: "Look at its note and evidence: who did it is shown there.",
      });
    }
    await recordAudit(tx, ctx, {
      action: "drill.completed",
      entity: { type: "drill-task", id: taskId },
      metadata: {
        requirement: task.requirement,
        period: task.period,
        note: done.note,
        evidenceRunId: done.evidenceRunId,
      },
    });
    return readTaskView(tx, ctx, taskId);
  });
}
