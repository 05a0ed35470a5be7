import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { periodAt } from "@/lib/kernel/time";
import { CADENCES, type DrillPeriods, ListDrillTasksInput } from "./schemas";
import { groupByPeriod, toTaskViews } from "./task-view";

/** The tasks of one period, or of the present month, quarter and year, in this order. */
export async function listDrillTasks(ctx: Ctx, input: ListDrillTasksInput = {}): Promise<DrillPeriods> {
  requirePermission(ctx, "drill.read");
  const { period, cadence } = ListDrillTasksInput.parse(input);
  const now = ctx.now();
  const names = period === undefined ? CADENCES.map((each) => periodAt(each, now).name) : [period];
  const rows = await ctx.db.drillTask.findMany({
    where: { period: { in: names }, ...(cadence ? { cadence } : {}) },
    orderBy: { dueAt: "asc" },
  });
  const sorted = rows.toSorted((a, b) => names.indexOf(a.period) - names.indexOf(b.period));
  return { asOf: now.toISOString(), periods: groupByPeriod(await toTaskViews(ctx.db, ctx, sorted)) };
}
