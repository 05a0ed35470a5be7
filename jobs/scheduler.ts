import cron from "node-cron";
import { claimSlots, sweepBackups } from "@/lib/backups";
import { cleanUploads, startDailyChecks } from "@/lib/copies";
import type { JobCtx } from "@/lib/db/context";
import { openPeriodTasks } from "@/lib/drills";
import { sweepRuns } from "@/lib/runs";
import { sweepLeftovers } from "./sweep-leftovers";

/** Ticks the schedules in UTC, in every runner: the database decides which of them acts. */
export function startScheduler(ctx: JobCtx): { stop: () => void } {
  const tasks = [
    cron.schedule("*/10 * * * * *", () => guard(ctx, "slots", () => claimSlots(ctx)), {
      timezone: "UTC",
      noOverlap: true,
    }),
    cron.schedule("*/30 * * * * *", () => guard(ctx, "sweep", () => sweepRuns(ctx).then(() => sweepBackups(ctx))), {
      timezone: "UTC",
      noOverlap: true,
    }),
    // A runner that stood by when another one of its machine was killed cleans up after it.
    cron.schedule("*/30 * * * * *", () => guard(ctx, "leftovers", () => sweepLeftovers(ctx)), {
      timezone: "UTC",
      noOverlap: true,
    }),
    cron.schedule("15 */5 * * * *", () => guard(ctx, "repositories", () => keepRepositories(ctx)), {
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

/** A tick that fails is said, and the next one tries again. */
async function guard(ctx: JobCtx, name: string, work: () => Promise<unknown>): Promise<void> {
  if (ctx.signal.aborted) return;
  await work().catch((cause: unknown) => {
    if (!ctx.signal.aborted) ctx.log.error({ err: cause, tick: name }, "a scheduled tick failed");
  });
}
