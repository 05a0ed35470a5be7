import { recordAudit } from "@/lib/audit";
import type { Verdict, VerificationLevel } from "@/lib/backups/schemas";
import type { JobCtx } from "@/lib/db/context";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import type { NewFinding } from "./attempt";
import { noteFinding } from "./note-finding";

export interface NewVerdict {
  systemId: string;
  backupId: string;
  runId: string;
  repository: string | null;
  level: VerificationLevel;
  verdict: Verdict;
  /** null where it was part of a recovery. */
  durationMs: number | null;
  details: Record<string, unknown>;
  /** Beside the one that a verdict other than `pass` leaves. */
  findings?: readonly NewFinding[];
}

/** Stores what an attempt to prove a backup came to, with its findings; failures are kept beside the passes. */
export async function recordVerdict(ctx: JobCtx, verdict: NewVerdict): Promise<void> {
  requirePermission(ctx, "job.perform");
  const { systemId, backupId, runId, level, repository } = verdict;
  await ctx.transaction(async (tx) => {
    await tx.verification.create({
      data: {
        id: newId(),
        systemId,
        backupId,
        runId,
        repositoryName: repository,
        level,
        verdict: verdict.verdict,
        at: ctx.now(),
        durationMs: verdict.durationMs === null ? null : Math.round(verdict.durationMs),
        details: verdict.details as object,
      },
    });
    await recordAudit(tx, ctx, {
      action: verdict.verdict === "pass" ? "verification.completed" : "verification.failed",
      entity: { type: "backup", id: backupId },
      metadata: { level, verdict: verdict.verdict, run: runId, repository },
    });
    for (const finding of [...ofVerdict(verdict), ...(verdict.findings ?? [])]) {
      await noteFinding(tx, ctx, { ...finding, systemId, backupId, runId });
    }
  });
}

/** Each bad backup is a finding of its own; trouble around backups is one until somebody mends it. */
function ofVerdict(verdict: NewVerdict): NewFinding[] {
  if (verdict.verdict === "pass") return [];
  const place = verdict.repository ?? "no repository";
  const isBad = verdict.verdict === "backup-bad";
  return [
    {
      kind: "verdict",
      subject: isBad ? `${verdict.backupId} ${place}` : `${verdict.verdict} ${verdict.level}`,
      title: isBad
        ? `A backup in ${place} is bad`
        : verdict.verdict === "verifier-bad"
          ? "The verifier could not do its work"
          : "A backup could not be tried",
      detail: typeof verdict.details.error === "string" ? verdict.details.error : `verdict ${verdict.verdict}`,
    },
  ];
}
