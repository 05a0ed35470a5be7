import type { Prisma } from "@/lib/db/client";
import type { BackupState, BackupSummary, BackupType, CopyState, Verdict, VerificationLevel } from "./schemas";

export const BACKUP_INCLUDE = {
  system: { select: { name: true } },
  copies: { include: { repository: { select: { name: true } } }, orderBy: { repository: { createdAt: "asc" } } },
  verifications: { orderBy: { at: "desc" }, take: 1 },
} as const satisfies Prisma.BackupInclude;

export type BackupRow = Prisma.BackupGetPayload<{ include: typeof BACKUP_INCLUDE }>;

export function toBackupSummary(row: BackupRow): BackupSummary {
  const [verified] = row.verifications;
  return {
    id: row.id,
    system: row.system.name,
    type: row.type as BackupType,
    method: row.method,
    cut: row.cutId,
    startedAt: row.startedAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
    sizeBytes: row.sizeBytes === null ? null : Number(row.sizeBytes),
    state: row.state as BackupState,
    position: row.position as BackupSummary["position"],
    lossy: row.lossy as string[],
    copies: row.copies.map((copy) => ({
      repository: copy.repository.name,
      state: copy.state as CopyState,
      sha256: copy.sha256,
      lockedUntil: copy.lockedUntil?.toISOString() ?? null,
      checkedAt: copy.checkedAt?.toISOString() ?? null,
      error: copy.error,
      expiredAt: copy.expiredAt?.toISOString() ?? null,
      expiredReason: copy.expiredReason,
    })),
    verified: verified
      ? {
          level: verified.level as VerificationLevel,
          at: verified.at.toISOString(),
          verdict: verified.verdict as Verdict,
        }
      : null,
    runId: row.runId,
    error: row.error,
  };
}
