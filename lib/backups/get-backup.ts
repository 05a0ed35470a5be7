import type { Ctx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { BACKUP_INCLUDE, toBackupSummary } from "./backup-view";
import { type BackupDetail, GetBackupInput, type Verdict, type VerificationLevel } from "./schemas";

/** A backup with its manifest and every verification. @throws NotFoundError */
export async function getBackup(ctx: Ctx, input: { id: string }): Promise<BackupDetail> {
  requirePermission(ctx, "backup.read");
  const { id } = GetBackupInput.parse(input);
  const row = await ctx.db.backup.findUnique({ where: { id }, include: BACKUP_INCLUDE });
  if (!row) throw new NotFoundError("backup", id);
  const verifications = await ctx.db.verification.findMany({
    where: { backupId: id },
    orderBy: { at: "desc" },
    take: 100,
  });
  return {
    ...toBackupSummary(row),
    manifest: row.manifest as Record<string, unknown> | null,
    verifications: verifications.map((each) => ({
      id: each.id,
      level: each.level as VerificationLevel,
      verdict: each.verdict as Verdict,
      at: each.at.toISOString(),
      repository: each.repositoryName,
      runId: each.runId,
    })),
  };
}
