import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { PreconditionError, RefusedError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { findConfiguration } from "@/lib/settings";
import { applyRetention } from "./apply-retention";
import { planRetention } from "./plan-retention";
import { listRetainedSystems } from "./read-plan";
import type { RetentionPlan } from "./schemas";

/** From this hour on, UTC: after the night's backups, before people work. */
const DUE_HOUR = 5;

/**
 * Applies each system's plan once a day, under the same guards as a person's, where `retention.apply` says so. Over any
 * number of runners: the day's row is the claim. What a guard refuses is kept with its reason and waits for a person;
 * a system on which a run works is tried again.
 * @param dueHour of the day in UTC from which on it is due
 */
export async function applyDueRetention(ctx: Ctx, dueHour = DUE_HOUR): Promise<{ started: string[] }> {
  requirePermission(ctx, "job.perform");
  const loaded = await findConfiguration(ctx);
  if (loaded?.configuration.retention.apply !== "daily" || ctx.now().getUTCHours() < dueHour) return { started: [] };
  const started: string[] = [];
  const day = ctx.now().toISOString().slice(0, 10);
  for (const system of await listRetainedSystems(ctx, loaded.configuration)) {
    const known = await ctx.db.retentionDay.findUnique({ where: { systemId_day: { systemId: system.id, day } } });
    if (known) continue;
    try {
      const runId = await applyDay(ctx, { id: system.id, name: system.name, day });
      if (runId) started.push(runId);
    } catch (error) {
      // A run works on the system, or something has just changed: the next tick tries again.
      if (error instanceof PreconditionError || error instanceof RefusedError) continue;
      // One system's trouble must not cost the others their day; the next tick tries again.
      ctx.log.error({ err: error, system: system.name }, "retention could not be applied");
    }
  }
  return { started };
}

/** What the schedule comes to: a refusal waits for a person, and is said once a day. */
function refusalOf({ freezes, clockTrouble, cap }: RetentionPlan): string | null {
  if (freezes[0]) return `refused: frozen, ${freezes[0].message}`;
  if (clockTrouble !== null) return `refused: the clock is not trusted, ${clockTrouble}`;
  return cap === null ? null : `refused: too much at once, ${cap.message}`;
}

/** The day and its run, or its refusal, are there together, or nothing of them. Returns the run that was started. */
async function applyDay(
  ctx: Ctx,
  { id: systemId, name, day }: { id: string; name: string; day: string },
): Promise<string | null> {
  requirePermission(ctx, "job.perform");
  const { plans } = await planRetention(ctx, { system: name });
  const [plan] = plans;
  if (!plan) return null;
  const refusal = refusalOf(plan);
  const outcome = refusal ?? (plan.dueCount === 0 ? "nothing" : "started");
  return ctx.transaction(async (tx) => {
    const { count } = await tx.retentionDay.createMany({
      data: [{ systemId, day, at: ctx.now(), outcome }],
      skipDuplicates: true,
    });
    if (count === 0 || outcome === "nothing") return null;
    if (refusal !== null) {
      await recordAudit(tx, ctx, {
        action: "retention.refused",
        entity: { type: "system", id: name },
        metadata: { day, outcome },
      });
      return null;
    }
    const inside: Ctx = { ...ctx, transaction: (work) => work(tx) };
    const { runId } = await applyRetention(inside, { system: name, plan: plan.plan });
    await tx.retentionDay.update({ where: { systemId_day: { systemId, day } }, data: { runId } });
    return runId;
  });
}
