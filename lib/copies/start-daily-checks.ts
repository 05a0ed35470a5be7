import type { JobCtx } from "@/lib/db/context";
import { NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { EXPECTED_COPIES } from "./copy-place";
import { startCheck } from "./start-check";

const DAY_MS = 86_400_000;

/**
 * Starts the daily check of each repository in which a copy was not looked at for a day; by one runner. A check that
 * failed is tried again after a day: that it did not see everything stands on its page until then. Returns how many.
 */
export async function startDailyChecks(ctx: JobCtx): Promise<number> {
  requirePermission(ctx, "job.perform");
  const now = ctx.now();
  const dayAgo = new Date(now.getTime() - DAY_MS);
  const due = { OR: [{ checkClaimedAt: null }, { checkClaimedAt: { lte: dayAgo } }] };
  const stale = {
    OR: [{ checkedAt: null }, { checkedAt: { lte: dayAgo } }],
    state: { in: [...EXPECTED_COPIES] },
    backup: { state: { in: ["complete", "incomplete"] } },
  };
  const repositories = await ctx.db.repository.findMany({
    where: { removedAt: null, ...due, copies: { some: stale } },
    select: { id: true, name: true },
  });
  let started = 0;
  for (const { id, name } of repositories) {
    const { count } = await ctx.db.repository.updateMany({ where: { id, ...due }, data: { checkClaimedAt: now } });
    if (count === 0) continue; // Another runner was quicker.
    try {
      await startCheck(ctx, { repository: name });
      started += 1;
    } catch (error) {
      // One that goes on, or a repository that is declared no more, is no failure of the tick.
      if (!(error instanceof PreconditionError) && !(error instanceof NotFoundError)) throw error;
      ctx.log.info({ repository: name, reason: error.message }, "the daily check was not started");
    }
  }
  return started;
}
