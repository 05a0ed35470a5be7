import type { Ctx } from "@/lib/db/context";
import { previousTime } from "@/lib/kernel/cron";
import { ConflictError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { findConfiguration } from "@/lib/settings";
import { startCut } from "./start-cut";

/** A cut that is later than this belongs to the next time. */
const LATE_MS_MAX = 6 * 3_600_000;

/** Starts the declared cut when its time has come, once over any number of runners. Returns its run, or null. */
export async function claimCut(ctx: Ctx): Promise<string | null> {
  requirePermission(ctx, "job.perform");
  const loaded = await findConfiguration(ctx);
  const schedule = loaded?.configuration.cut?.schedule;
  if (!schedule) return null;
  const due = previousTime(schedule, ctx.now());
  if (ctx.now().getTime() - due.getTime() > LATE_MS_MAX) return null;
  const dueAt = due.toISOString();
  const newest = await ctx.db.configuration.findFirst({ orderBy: { version: "desc" }, select: { appliedAt: true } });
  if (!newest || newest.appliedAt > due) return null;
  return startCut(ctx, { dueAt, reason: `scheduled for ${dueAt}` }).then(
    ({ runId }) => runId,
    (error: unknown) => {
      // Another runner, or this one before, has it.
      if (error instanceof ConflictError) return null;
      throw error;
    },
  );
}
