import { recordAudit } from "@/lib/audit";
import type { JobCtx } from "@/lib/db/context";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import type { OpenRepository } from "@/lib/repositories";
import { failOpenBackups } from "./end-backup";

/**
 * Writes the backup's row and its expected copies before a byte is stored, so that a backup whose runner dies is
 * seen as one that failed. A new attempt is a new backup: what an earlier attempt left behind has no manifest and
 * does not count.
 */
export async function beginBackup(
  ctx: JobCtx,
  backup: { systemId: string; runId: string; repositories: readonly OpenRepository[] },
): Promise<{ id: string; startedAt: Date }> {
  requirePermission(ctx, "job.perform");
  const id = newId();
  const startedAt = ctx.now();
  await ctx.transaction(async (tx) => {
    await failOpenBackups(tx, ctx, { runId: backup.runId, error: "an attempt that did not end" });
    await tx.backup.create({
      data: {
        id,
        systemId: backup.systemId,
        runId: backup.runId,
        type: "full",
        method: "logical",
        state: "running",
        startedAt,
        copies: { create: backup.repositories.map(({ id: repositoryId }) => ({ repositoryId, state: "writing" })) },
      },
    });
    await tx.run.update({ where: { id: backup.runId }, data: { backupId: id } });
    await recordAudit(tx, ctx, {
      action: "backup.started",
      entity: { type: "backup", id },
      metadata: { system: backup.systemId, run: backup.runId, type: "full" },
    });
  });
  return { id, startedAt };
}
