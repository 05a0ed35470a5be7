import { recordAudit } from "@/lib/audit";
import type { JobCtx } from "@/lib/db/context";
import { NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { createRepositoryRun } from "./create-repository-run";
import { freshCopies } from "./fresh-copies";

/** After one that could not read everything: a store that is away is not asked in every tick. */
const PAUSE_MS = 15 * 60_000;

/**
 * Starts to read back what was written to a repository and nobody has looked at since: every byte of it, by a run of its
 * own, so that the backup is not kept waiting. One under way is not joined by a second. Returns how many were started.
 */
export async function startReadBacks(ctx: JobCtx): Promise<number> {
  requirePermission(ctx, "job.perform");
  const repositories = await ctx.db.repository.findMany({
    where: { removedAt: null, copies: { some: freshCopies(ctx.now()) } },
    select: { name: true },
  });
  let started = 0;
  for (const { name } of repositories) {
    if (await hasFailedLately(ctx, name)) continue;
    try {
      await startReadBack(ctx, name);
      started += 1;
    } catch (error) {
      // A check that goes on, or a repository that is declared no more, is no failure of the tick.
      if (!(error instanceof PreconditionError) && !(error instanceof NotFoundError)) throw error;
    }
  }
  return started;
}

async function startReadBack(ctx: JobCtx, repository: string): Promise<void> {
  requirePermission(ctx, "job.perform");
  await ctx.transaction(async (tx) => {
    const run = await createRepositoryRun(tx, ctx, {
      kind: "check",
      repository,
      title: `Read back ${repository}`,
      parameters: { read: "fresh" },
    });
    await recordAudit(tx, ctx, {
      action: "repository.check-started",
      entity: { type: "repository", id: repository },
      metadata: { run: run.id, read: "fresh" },
    });
  });
}

async function hasFailedLately(ctx: JobCtx, repository: string): Promise<boolean> {
  const failed = await ctx.db.run.findFirst({
    where: {
      kind: "check",
      state: "failed",
      endedAt: { gt: new Date(ctx.now().getTime() - PAUSE_MS) },
      AND: [
        { parameters: { path: ["repository"], equals: repository } },
        { parameters: { path: ["read"], equals: "fresh" } },
      ],
    },
    select: { id: true },
  });
  return failed !== null;
}
