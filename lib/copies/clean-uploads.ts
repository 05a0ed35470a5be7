import { recordAudit } from "@/lib/audit";
import type { JobCtx } from "@/lib/db/context";
import { summarizeError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { openKnownRepository, repositoryKeys } from "@/lib/repositories";

const HOUR_MS = 3_600_000;
/** An upload that goes on for longer is none any more: a backup of many terabytes takes a day at most. */
const UNFINISHED_AFTER_MS = 24 * HOUR_MS;

/**
 * Removes what uploads left in the repositories whose process died more than a day ago; once an hour, by one runner.
 * Only below our own keys, and only where the identity is the pinned one. Returns how many were removed.
 */
export async function cleanUploads(ctx: JobCtx): Promise<number> {
  requirePermission(ctx, "job.perform");
  const now = ctx.now();
  const due = { OR: [{ cleanedAt: null }, { cleanedAt: { lt: new Date(now.getTime() - HOUR_MS) } }] };
  const repositories = await ctx.db.repository.findMany({
    where: { removedAt: null, identity: { not: null }, ...due },
    select: { id: true, name: true },
  });
  let removed = 0;
  for (const { id, name } of repositories) {
    const { count } = await ctx.db.repository.updateMany({ where: { id, ...due }, data: { cleanedAt: now } });
    if (count === 0) continue; // Another runner was quicker.
    try {
      removed += await cleanRepository(ctx, name);
    } catch (error) {
      if (ctx.signal.aborted) throw error;
      ctx.log.warn({ repository: name, reason: summarizeError(error).message }, "half uploads could not be removed");
    }
  }
  return removed;
}

async function cleanRepository(ctx: JobCtx, name: string): Promise<number> {
  requirePermission(ctx, "job.perform");
  const { store } = await openKnownRepository(ctx, name);
  const before = new Date(ctx.now().getTime() - UNFINISHED_AFTER_MS);
  const below = repositoryKeys.SYSTEMS_PREFIX;
  const removed = await store.abortUnfinishedUploads(before, { signal: ctx.signal, below });
  if (removed === 0) return 0;
  await ctx.transaction((tx) =>
    recordAudit(tx, ctx, {
      action: "repository.uploads-removed",
      entity: { type: "repository", id: name },
      metadata: { removed, before: before.toISOString() },
    }),
  );
  return removed;
}
