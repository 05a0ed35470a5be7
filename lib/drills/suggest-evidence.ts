import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { findEvidence } from "./evidence";
import { parsePeriod } from "./model";
import { findRequirement } from "./requirements";
import { type EvidenceView, SuggestEvidenceInput } from "./schemas";
import { getTaskRow } from "./task-view";

/** The newest succeeded runs of the task's period that would prove it; none for what a note describes. */
export async function suggestEvidence(ctx: Ctx, input: SuggestEvidenceInput): Promise<{ runs: EvidenceView[] }> {
  requirePermission(ctx, "drill.read");
  const { taskId, limit } = SuggestEvidenceInput.parse(input);
  const task = await getTaskRow(ctx.db, taskId);
  const rule = findRequirement(task.requirement)?.evidence;
  const period = parsePeriod(task.period);
  if (!rule || !period) return { runs: [] };
  return { runs: await findEvidence(ctx.db, { rule, startsAt: period.startsAt, dueAt: task.dueAt }, { limit }) };
}
