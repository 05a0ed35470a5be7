import { recordAudit } from "@/lib/audit";
import type { Ctx, Tx } from "@/lib/db/context";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import type { Period } from "@/lib/kernel/time";
import { dueAtOf, periodsToOpen } from "./model";
import { REQUIREMENTS } from "./requirements";
import { CADENCES } from "./schemas";

async function openPeriod(tx: Tx, period: Period): Promise<number> {
  const requirements = REQUIREMENTS.filter(({ cadence }) => cadence === period.cadence);
  const { count } = await tx.drillTask.createMany({
    data: requirements.map(({ key, cadence }) => ({
      id: newId(),
      requirement: key,
      cadence,
      period: period.name,
      dueAt: dueAtOf(period),
    })),
    skipDuplicates: true,
  });
  return count;
}

/** Makes the tasks of the present month, quarter and year, and of periods that went by while nobody did, where they are
 *  not there yet. Any number of runners may call it at any time. */
export async function openPeriodTasks(ctx: Ctx): Promise<{ opened: number }> {
  requirePermission(ctx, "job.perform");
  return ctx.transaction(async (tx) => {
    let opened = 0;
    for (const cadence of CADENCES) {
      const newest = await tx.drillTask.aggregate({ where: { cadence }, _max: { dueAt: true } });
      for (const period of periodsToOpen(cadence, newest._max.dueAt, ctx.now())) {
        const count = await openPeriod(tx, period);
        opened += count;
        if (count === 0) continue;
        await recordAudit(tx, ctx, {
          action: "drill.opened",
          entity: { type: "drill-period", id: period.name },
          metadata: { cadence, tasks: count, dueAt: dueAtOf(period) },
        });
      }
    }
    return { opened };
  });
}
