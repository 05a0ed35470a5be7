import { NotFoundError } from "@/lib/kernel/errors";
import type { StepCtx } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { isBackedUp } from "@/lib/settings/schemas";
import { openSource } from "./open-source";
import { orderByReach } from "./order-by-reach";
import { parsePoint } from "./point";
import type { TreeRecovery } from "./tree-recovery";

/**
 * Prepares a recovery of files or code: the declared repository, or the ones that reach furthest, first.
 * @throws NotFoundError, EngineError of the last repository that was tried
 */
export async function openTreeRecovery(
  ctx: StepCtx,
  request: {
    system: string;
    at: string;
    from?: string | undefined;
    backup?: string | undefined;
    directory: string;
    runId: string;
  },
): Promise<TreeRecovery> {
  const { system, at, from, backup, directory, runId } = request;
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[system];
  if (!isBackedUp(declaration)) throw new NotFoundError("system", system);
  const candidates = from ? [from] : await orderByReach(ctx, request, declaration.backup.full?.to ?? []);
  return {
    source: await openSource(ctx, { system, candidates }),
    point: parsePoint(at),
    identityFile: configuration.keys.identityFile,
    directory,
    key: runId.slice(-12),
    ...(backup ? { backupId: backup } : {}),
  };
}
