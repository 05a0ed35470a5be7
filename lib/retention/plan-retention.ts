import type { Ctx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { OPEN_RUN_STATES } from "@/lib/runs/schemas";
import { loadConfiguration } from "@/lib/settings";
import type { Configuration } from "@/lib/settings/schemas";
import { capPhrase, findCapTrouble } from "./model";
import { toKeptViews, toRemovalViews } from "./plan-view";
import { type ReadPlan, listRetainedSystems, readClockTrouble, readPlan } from "./read-plan";
import { PlanRetentionInput, type RetentionPlan, type RetentionView } from "./schemas";

/**
 * What retention would delete now, system by system: what, from where, why, and when a lock holds it; and what stays
 * although its time has passed, and why. Changes nothing.
 * @throws NotFoundError for a system that is not declared, or not backed up
 */
export async function planRetention(ctx: Ctx, input: PlanRetentionInput = {}): Promise<RetentionView> {
  requirePermission(ctx, "retention.read");
  const { system: name } = PlanRetentionInput.parse(input);
  const { configuration } = await loadConfiguration(ctx);
  const systems = await listRetainedSystems(ctx, configuration, name);
  if (name !== undefined && systems.length === 0) throw new NotFoundError("system", name);
  const plans: RetentionPlan[] = [];
  for (const system of systems) {
    const read = await readPlan(ctx, configuration, { system, asOf: ctx.now() });
    plans.push(await toView(ctx, configuration, { read, systemId: system.id }));
  }
  return { plans };
}

async function toView(
  ctx: Ctx,
  configuration: Configuration,
  { read, systemId }: { read: ReadPlan; systemId: string },
): Promise<RetentionPlan> {
  const { facts, plan, due } = read;
  const [clockTrouble, open, day] = await Promise.all([
    readClockTrouble(ctx, ctx, { facts }),
    ctx.db.run.findFirst({
      where: { systemId, kind: "retention", state: { in: [...OPEN_RUN_STATES] } },
      select: { id: true },
    }),
    ctx.db.retentionDay.findFirst({ where: { systemId }, orderBy: { day: "desc" } }),
  ]);
  const cap = findCapTrouble(plan, due);
  return {
    system: facts.system,
    plan: read.id,
    asOf: facts.now.toISOString(),
    apply: configuration.retention.apply,
    keepProven: facts.keepProven,
    retain: facts.retain,
    repositories: plan.repositories.map(({ name, backups, provenFulls }) => ({ name, backups, provenFulls })),
    removals: toRemovalViews(read),
    kept: toKeptViews(read),
    freezes: plan.freezes.map((freeze) => ({ ...freeze, at: freeze.at.toISOString() })),
    dueCount: due.length,
    dueBytes: due.reduce((sum, removal) => sum + removal.sizeBytes, 0),
    clockTrouble,
    cap: cap === null ? null : { message: cap, phrase: capPhrase(due) },
    openRunId: open?.id ?? null,
    lastDay: day && { day: day.day, outcome: day.outcome, runId: day.runId },
  };
}
