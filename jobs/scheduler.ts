import cron from "node-cron";
import { enqueueDeliveries, raiseAlerts, settleAlerts } from "@/lib/alerts";
import { claimCut, claimSlots, sweepBackups } from "@/lib/backups";
import { cleanUploads, startDailyChecks, startReadBacks } from "@/lib/copies";
import type { JobCtx } from "@/lib/db/context";
import { openPeriodTasks } from "@/lib/drills";
import { applyDueRetention } from "@/lib/retention";
import { sweepRuns } from "@/lib/runs";
import { claimVerifications } from "@/lib/verification";
import { sweepLeftovers } from "./sweep-leftovers";

/** Ticks the schedules in UTC, in every runner: the database decides which of them acts. What it sends, it sends from its own site. */
export function startScheduler(ctx: JobCtx, site: string): { stop: () => void } {
  const tasks = [
    cron.schedule("*/10 * * * * *", () => guard(ctx, "slots", () => claimCut(ctx).then(() => claimSlots(ctx))), {
      timezone: "UTC",
      noOverlap: true,
    }),
    cron.schedule("*/10 * * * * *", () => guard(ctx, "verifications", () => claimVerifications(ctx)), {
      timezone: "UTC",
      noOverlap: true,
    }),
    cron.schedule("*/30 * * * * *", () => guard(ctx, "sweep", () => sweepRuns(ctx).then(() => sweepBackups(ctx))), {
      timezone: "UTC",
      noOverlap: true,
    }),
    cron.schedule("*/5 * * * * *", () => tickAlerts(ctx, site), { timezone: "UTC", noOverlap: true }),
    // A runner that stood by when another one of its machine was killed cleans up after it.
    cron.schedule("*/30 * * * * *", () => guard(ctx, "leftovers", () => sweepLeftovers(ctx)), {
      timezone: "UTC",
      noOverlap: true,
    }),
    cron.schedule("*/20 * * * * *", () => guard(ctx, "read back", () => startReadBacks(ctx)), {
      timezone: "UTC",
      noOverlap: true,
    }),
    cron.schedule("15 */5 * * * *", () => guard(ctx, "repositories", () => keepRepositories(ctx)), {
      timezone: "UTC",
      noOverlap: true,
    }),
    cron.schedule("30 */10 * * * *", () => guard(ctx, "retention", () => applyDueRetention(ctx)), {
      timezone: "UTC",
      noOverlap: true,
    }),
    cron.schedule("0 0 * * * *", () => guard(ctx, "drills", () => openPeriodTasks(ctx)), {
      timezone: "UTC",
      noOverlap: true,
    }),
  ];
  void guard(ctx, "drills", () => openPeriodTasks(ctx));
  return {
    stop: () => {
      for (const task of tasks) void task.stop();
    },
  };
}

async function keepRepositories(ctx: JobCtx): Promise<void> {
  await startDailyChecks(ctx);
  await cleanUploads(ctx);
}

/** What is due is sent although the facts cannot be read, and the other way round. */
async function tickAlerts(ctx: JobCtx, site: string): Promise<void> {
  await guard(ctx, "alerts", () => raiseAlerts(ctx));
  await guard(ctx, "alerts settled", () => settleAlerts(ctx));
  await guard(ctx, "deliveries", () => enqueueDeliveries(ctx, site));
}

/** A tick that fails is said, and the next one tries again. */
async function guard(ctx: JobCtx, name: string, work: () => Promise<unknown>): Promise<void> {
  if (ctx.signal.aborted) return;
  await work().catch((cause: unknown) => {
    if (!ctx.signal.aborted) ctx.log.error({ err: cause, tick: name }, "a scheduled tick failed");
  });
}
