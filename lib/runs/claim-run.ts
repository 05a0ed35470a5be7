import { recordAudit } from "@/lib/audit";
import type { JobCtx } from "@/lib/db/context";
import { actorLabel } from "@/lib/kernel/actor";
import { requirePermission } from "@/lib/kernel/permissions";
import { statesBefore } from "./model";
import type { RunKind } from "./schemas";

export interface ClaimedRun {
  id: string;
  kind: RunKind;
  title: string;
  systemId: string | null;
  backupId: string | null;
  runbook: string | null;
  mode: "drill" | "live" | null;
  parameters: Record<string, unknown>;
  attempts: number;
  startedAt: Date;
  disruptionAt: Date | null;
  statedDisruptionAt: Date | null;
}

/**
 * Takes a run: from the queue, or over from a runner that died. Returns null when it has ended already, which
 * happens when the queue hands out a job twice.
 */
export async function claimRun(ctx: JobCtx, runId: string): Promise<ClaimedRun | null> {
  requirePermission(ctx, "job.perform");
  return ctx.transaction(async (tx) => {
    const { count } = await tx.run.updateMany({
      where: { id: runId, state: { in: statesBefore("running") } },
      data: { state: "running", attempts: { increment: 1 }, heartbeatAt: ctx.now(), runner: actorLabel(ctx.actor) },
    });
    if (count === 0) return null;
    const row = await tx.run.findUniqueOrThrow({ where: { id: runId } });
    const startedAt = row.startedAt ?? ctx.now();
    if (!row.startedAt) await tx.run.update({ where: { id: runId }, data: { startedAt } });
    await recordAudit(tx, ctx, {
      action: row.startedAt ? "run.taken-over" : "run.started",
      entity: { type: "run", id: runId },
      metadata: { kind: row.kind, title: row.title, attempt: row.attempts },
    });
    return {
      id: row.id,
      kind: row.kind as RunKind,
      title: row.title,
      systemId: row.systemId,
      backupId: row.backupId,
      runbook: row.runbook,
      mode: row.mode as ClaimedRun["mode"],
      parameters: row.parameters as Record<string, unknown>,
      attempts: row.attempts,
      startedAt,
      disruptionAt: row.disruptionAt,
      statedDisruptionAt: row.statedDisruptionAt,
    };
  });
}
