import { join } from "node:path";
import { NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import type { StepCtx } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { isDatabase } from "@/lib/settings/schemas";
import { openSource } from "./open-source";
import { orderByReach } from "./order-by-reach";
import { parsePoint } from "./point";
import type { Recovery } from "./recovery";

export interface RecoveryRequest {
  system: string;
  at: string;
  from: string | undefined;
  /** This full and no other; otherwise the newest before the point. */
  backup?: string | undefined;
  /** Where the recovered server lives; a directory of this runner unless told. */
  directory?: string | undefined;
  runId: string;
}

/**
 * Prepares a recovery: the declared repository, or the ones that reach furthest, first. The first that answers is taken.
 * @throws NotFoundError, PreconditionError, EngineError of the last repository that was tried
 */
export async function openRecovery(ctx: StepCtx, request: RecoveryRequest): Promise<Recovery> {
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[request.system];
  if (!isDatabase(declaration)) throw new NotFoundError("system", request.system);
  const directory = request.directory ?? join(ctx.engines.directories.scratch, request.runId.slice(-12));
  const recovery: Recovery = {
    source: await openSource(ctx, {
      system: request.system,
      candidates: request.from ? [request.from] : await orderByReach(ctx, request, declaration.backup.full?.to ?? []),
    }),
    point: parsePoint(request.at),
    backupId: request.backup,
    engine: await ctx.engines.database(request.system),
    identityFile: configuration.keys.identityFile,
    directory,
    logDirectory: join(ctx.engines.directories.scratch, `${request.runId.slice(-12)}.log`),
    verify: declaration.verify,
  };
  await clearEarlierAttempt(ctx, request, recovery);
  return recovery;
}

/**
 * What an earlier attempt of the same run put into its directories makes room. Only what its steps had begun is its
 * own: anything else that lies there stays, and the steps refuse it.
 */
async function clearEarlierAttempt(ctx: StepCtx, { runId }: RecoveryRequest, recovery: Recovery): Promise<void> {
  const begun = await ctx.db.runStep.findMany({ where: { runId, attempts: { gt: 0 } }, select: { key: true } });
  const hasBegun = (key: string) => begun.some((step) => step.key === key);
  if (hasBegun("fetch")) await recovery.engine.removeLog(recovery.logDirectory);
  if (!hasBegun("load") || (await recovery.engine.removeScratch(recovery.directory))) return;
  throw new PreconditionError(`an earlier runner of this run still works in "${recovery.directory}"`, {
    hint: "Wait until it has ended, then start again.",
  });
}
