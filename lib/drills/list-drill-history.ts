import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { CADENCES, type DrillPeriods, ListDrillHistoryInput } from "./schemas";
import { groupByPeriod, toTaskViews } from "./task-view";

/** The periods that are over, newest first within each cadence: what was signed, and what was missed. */
export async function listDrillHistory(ctx: Ctx, input: ListDrillHistoryInput = {}): Promise<DrillPeriods> {
  requirePermission(ctx, "drill.read");
  const { cadence, limit } = ListDrillHistoryInput.parse(input);
  const now = ctx.now();
  const periods = [];
  for (const each of cadence ? [cadence] : CADENCES) {
    const over = await ctx.db.drillTask.findMany({
      where: { cadence: each, dueAt: { lt: now } },
      distinct: ["period"],
      orderBy: { dueAt: "desc" },
      take: limit,
      select: { period: true },
    });
    const rows = await ctx.db.drillTask.findMany({
      where: { cadence: each, period: { in: over.map(({ period }) => period) } },
      orderBy: { dueAt: "desc" },
    });
    periods.push(...groupByPeriod(await toTaskViews(ctx.db, ctx, rows)));
  }
  return { asOf: now.toISOString(), periods };
}
