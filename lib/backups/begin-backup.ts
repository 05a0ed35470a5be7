import { recordAudit } from "@/lib/audit";
import type { JobCtx } from "@/lib/db/context";
import type { ErrorSummary } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import type { OpenRepository } from "@/lib/repositories";
import { failOpenBackups } from "./end-backup";
import type { BackupType } from "./schemas";

/**
 * Writes the backup's row and its expected copies before a byte is stored, so that a backup whose runner dies is
 * seen as one that failed. A new attempt is a new backup: what an earlier attempt left behind has no manifest and
 * does not count.
 */
export async function beginBackup(
  ctx: JobCtx,
  backup: {
    systemId: string;
    runId: string;
    type: BackupType;
    method: string;
    /** The backup that it continues. */
    parentId?: string;
    cutId?: string | null;
    repositories: readonly OpenRepository[];
    /** Declared repositories that have dropped out before, and why: their copies are missing from the start. */
    failures: ReadonlyMap<string, ErrorSummary>;
  },
): Promise<{ id: string; startedAt: Date }> {
  requirePermission(ctx, "job.perform");
  const id = newId();
  const startedAt = ctx.now();
  await ctx.transaction(async (tx) => {
    await failOpenBackups(tx, ctx, { runId: backup.runId, error: "an attempt that did not end" });
    const lost = await tx.repository.findMany({ where: { name: { in: [...backup.failures.keys()] } } });
    const open = backup.repositories.filter(({ name }) => !backup.failures.has(name));
    await tx.backup.create({
      data: {
        id,
        systemId: backup.systemId,
        runId: backup.runId,
        type: backup.type,
        method: backup.method,
        parentId: backup.parentId ?? null,
        cutId: backup.cutId ?? null,
        state: "running",
        startedAt,
        copies: {
          create: [
            ...open.map(({ id: repositoryId }) => ({ repositoryId, state: "writing" })),
            ...lost.map((row) => ({
              repositoryId: row.id,
              state: "missing",
              error: backup.failures.get(row.name)?.message ?? null,
            })),
          ],
        },
      },
    });
    await tx.run.update({ where: { id: backup.runId }, data: { backupId: id } });
    await recordAudit(tx, ctx, {
      action: "backup.started",
      entity: { type: "backup", id },
      metadata: { system: backup.systemId, run: backup.runId, type: backup.type },
    });
  });
  return { id, startedAt };
}
