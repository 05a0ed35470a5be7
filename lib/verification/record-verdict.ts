import { recordAudit } from "@/lib/audit";
import type { Verdict, VerificationLevel } from "@/lib/backups/schemas";
import type { JobCtx } from "@/lib/db/context";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";

export interface NewVerdict {
  systemId: string;
  backupId: string;
  runId: string;
  repository: string | null;
  level: VerificationLevel;
  verdict: Verdict;
  details: Record<string, unknown>;
}

/** Stores what an attempt to prove a backup came to; failures are kept beside the passes. */
export async function recordVerdict(ctx: JobCtx, verdict: NewVerdict): Promise<void> {
  requirePermission(ctx, "job.perform");
  await ctx.transaction(async (tx) => {
    await tx.verification.create({
      data: {
        id: newId(),
        systemId: verdict.systemId,
        backupId: verdict.backupId,
        runId: verdict.runId,
        repositoryName: verdict.repository,
        level: verdict.level,
        verdict: verdict.verdict,
        at: ctx.now(),
        details: verdict.details as object,
      },
    });
    await recordAudit(tx, ctx, {
      action: verdict.verdict === "pass" ? "verification.completed" : "verification.failed",
      entity: { type: "backup", id: verdict.backupId },
      metadata: { level: verdict.level, verdict: verdict.verdict, run: verdict.runId, repository: verdict.repository },
    });
  });
}
