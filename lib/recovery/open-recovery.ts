import { join } from "node:path";
import { readReach } from "@/lib/backups";
import type { JobCtx } from "@/lib/db/context";
import { NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import type { StepCtx } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import type { MariadbDeclaration } from "@/lib/settings/schemas";
import { openSource } from "./open-source";
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
  if (declaration?.kind !== "mariadb") throw new NotFoundError("system", request.system);
  const directory = request.directory ?? join(ctx.engines.directories.scratch, request.runId.slice(-12));
  const recovery: Recovery = {
    source: await openSource(ctx, {
      system: request.system,
      candidates: request.from ? [request.from] : await orderByReach(ctx, request, declaration),
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

async function orderByReach(ctx: JobCtx, request: RecoveryRequest, declaration: MariadbDeclaration): Promise<string[]> {
  const declared = declaration.backup.full?.to ?? [];
  const holders = request.backup ? await holdersOf(ctx, request.backup) : [];
  const { id } = await ctx.db.system.findUniqueOrThrow({ where: { name: request.system } });
  const reaches = (await readReach(ctx, [{ id, repositories: declared }])).get(id) ?? [];
  const to = (name: string) => reaches.find((reach) => reach.repository === name)?.best?.to.getTime() ?? 0;
  const holds = (name: string) => (holders.includes(name) ? 1 : 0);
  return [...declared].sort((a, b) => holds(b) - holds(a) || to(b) - to(a));
}

/** Repositories that have a copy of a backup, as far as the console knows. */
async function holdersOf(ctx: JobCtx, backupId: string): Promise<string[]> {
  const copies = await ctx.db.backupCopy.findMany({
    where: { backupId, state: "present" },
    select: { repository: { select: { name: true } } },
  });
  return copies.map((copy) => copy.repository.name);
}
