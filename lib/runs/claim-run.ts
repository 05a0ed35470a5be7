import { recordAudit } from "@/lib/audit";
import type { JobCtx, Tx } from "@/lib/db/context";
import { actorLabel } from "@/lib/kernel/actor";
import { ConflictError } from "@/lib/kernel/errors";
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

/** A runner that gave no sign of life for this long is gone: it gives one each second. */
const ALIVE_MS = 5_000;

/** The run as this runner holds it: the `where` of every write, so that one who lost it to another writes nothing. */
export function heldBy(run: Pick<ClaimedRun, "id" | "attempts">) {
  return { id: run.id, state: "running", attempts: run.attempts } as const;
}

/**
 * Takes a run: from the queue, or over from a runner that died or let go of it. Returns null when it has ended already
 * or waits for an operator, which happens when the queue hands out a job twice.
 * @throws ConflictError while another runner is at work on it: two would do everything twice
 */
export async function claimRun(ctx: JobCtx, runId: string): Promise<ClaimedRun | null> {
  requirePermission(ctx, "job.perform");
  const gone = { lt: new Date(ctx.now().getTime() - ALIVE_MS) };
  return ctx.transaction(async (tx) => {
    const { count } = await tx.run.updateMany({
      where: {
        id: runId,
        state: { in: statesBefore("running") },
        OR: [{ state: { not: "running" } }, { runner: null }, { heartbeatAt: gone }],
      },
      data: { state: "running", attempts: { increment: 1 }, heartbeatAt: ctx.now(), runner: actorLabel(ctx.actor) },
    });
    if (count === 0) {
      await refuseHeldRun(tx, runId);
      return null;
    }
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

async function refuseHeldRun(tx: Tx, runId: string): Promise<void> {
  const row = await tx.run.findUnique({ where: { id: runId }, select: { state: true, runner: true } });
  if (row?.state === "running") throw new ConflictError(`run "${runId}" is carried out by ${row.runner ?? "another"}`);
}
