import type { Verdict, VerificationLevel } from "@/lib/backups/schemas";
import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { Evidence, ListVerificationsInput, type VerificationPage } from "./schemas";

/** Attempts to prove backups, newest first, a page at a time, each with its evidence. */
export async function listVerifications(ctx: Ctx, input: ListVerificationsInput = {}): Promise<VerificationPage> {
  requirePermission(ctx, "backup.read");
  const { system, level, verdict, cursor, limit } = ListVerificationsInput.parse(input);
  const rows = await ctx.db.verification.findMany({
    where: {
      ...(system ? { system: { name: system } } : {}),
      ...(level ? { level } : {}),
      ...(verdict ? { verdict } : {}),
      ...(cursor ? { id: { lt: cursor } } : {}),
    },
    orderBy: { id: "desc" },
    take: limit + 1,
    include: { system: { select: { name: true } }, backup: { select: { startedAt: true } } },
  });
  const page = rows.slice(0, limit);
  return {
    verifications: page.map((row) => ({
      id: row.id,
      system: row.system.name,
      backupId: row.backupId,
      backupStartedAt: row.backup.startedAt.toISOString(),
      runId: row.runId,
      repository: row.repositoryName,
      level: row.level as VerificationLevel,
      verdict: row.verdict as Verdict,
      at: row.at.toISOString(),
      durationMs: row.durationMs,
      evidence: Evidence.parse(row.details),
    })),
    nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
  };
}
