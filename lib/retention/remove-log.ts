import { recordAudit } from "@/lib/audit";
import type { JobCtx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { type OpenRepository, repositoryKeys } from "@/lib/repositories";
import type { RemovalOutcome, RemovalTarget } from "./remove-copy";

interface LogFile {
  serverId: string;
  incarnation: string;
  file: string;
}

/**
 * Deletes one log file of one repository: its signed facts first, without which the whole file counts no more, then the
 * file, then what segments are left. Its row says from before the first deletion that it counts no more, and goes after
 * the last.
 */
export async function removeLog(ctx: JobCtx, target: RemovalTarget): Promise<RemovalOutcome> {
  const { store, id: repositoryId } = target.repository;
  const { signal } = ctx;
  const log = parseSubject(target.removal.subject);
  const row = { ...log, repositoryId, system: { name: target.system } };
  const keys = await keysOf(ctx, target.repository, { ...log, system: target.system });
  for (const key of keys) {
    const found = await store.head(key, { signal });
    if (!found?.lockedUntil || found.lockedUntil <= ctx.now()) continue;
    await ctx.db.logCoverage.updateMany({ where: row, data: { lockedUntil: found.lockedUntil } });
    return { why: `the store locks "${key}" until ${found.lockedUntil.toISOString()}` };
  }
  await ctx.db.logCoverage.updateMany({ where: { ...row, expiredAt: null }, data: { expiredAt: ctx.now() } });
  for (const key of keys) await store.delete(key, { signal });
  await endRemoval(ctx, target, { log, objects: keys.length });
  return "deleted";
}

function parseSubject(subject: string): LogFile {
  const [serverId = "", incarnation = "", file = ""] = subject.split("/");
  return { serverId, incarnation, file };
}

/** Every object of the file by its own key; what has another shape is not ours to delete. */
async function keysOf(ctx: JobCtx, { store }: OpenRepository, log: LogFile & { system: string }): Promise<string[]> {
  const prefix = repositoryKeys.logPrefix(log);
  const facts = `${prefix}${log.file}.json`;
  const objects: string[] = [];
  const segments: string[] = [];
  const found = new Set<string>();
  for await (const { key } of store.list(`${prefix}${log.file}.`, { signal: ctx.signal })) {
    const name = key.slice(prefix.length);
    found.add(key);
    if (repositoryKeys.parseSegmentName(name)?.file === log.file) segments.push(key);
    else if (repositoryKeys.parseCompactedName(name)?.file === log.file) objects.push(key);
  }
  const first = [facts, repositoryKeys.signatureKey(facts)].filter((key) => found.has(key));
  return [...first, ...objects, ...segments];
}

async function endRemoval(
  ctx: JobCtx,
  { repository, removal, system, runId }: RemovalTarget,
  { log, objects }: { log: LogFile; objects: number },
): Promise<void> {
  requirePermission(ctx, "job.perform");
  await ctx.transaction(async (tx) => {
    const where = { ...log, repositoryId: repository.id, system: { name: system } };
    const row = await tx.logCoverage.findFirst({ where });
    await tx.logCoverage.deleteMany({ where });
    await recordAudit(tx, ctx, {
      action: "log.deleted",
      entity: { type: "log", id: removal.subject },
      metadata: {
        system,
        repository: repository.name,
        reason: removal.reason,
        objects,
        sizeBytes: removal.sizeBytes,
        firstGtid: row?.firstGtid ?? null,
        lastGtid: row?.lastGtid ?? null,
        run: runId,
      },
    });
  });
}
