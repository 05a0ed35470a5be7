import type { Ctx, Tx } from "@/lib/db/context";
import { actorId, actorLabel } from "@/lib/kernel/actor";
import { newId } from "@/lib/kernel/ids";
import { enqueue } from "@/lib/queue";
import { runJob } from "./jobs";
import type { RunKind } from "./schemas";

export interface NewRun {
  kind: RunKind;
  title: string;
  systemId?: string | undefined;
  backupId?: string | undefined;
  runbook?: { id: string; version: number; mode: "drill" | "live" } | undefined;
  parameters: Record<string, unknown>;
  reason?: string | undefined;
  disruptionAt?: Date | undefined;
  statedDisruptionAt?: Date | undefined;
  clocks?: Record<string, string> | undefined;
  /** Site or label that must carry it out. */
  place: string;
}

/** Writes the run and its job in the caller's transaction. The caller has checked the permission and leaves the audit event. */
export async function createRun(tx: Tx, ctx: Ctx, run: NewRun): Promise<{ id: string }> {
  const id = newId();
  await tx.run.create({
    data: {
      id,
      kind: run.kind,
      title: run.title,
      state: "queued",
      ...subjectOf(run),
      parameters: { ...run.parameters, place: run.place } as object,
      clocks: run.clocks ?? {},
      startedBy: actorId(ctx.actor),
      startedByLabel: actorLabel(ctx.actor),
      queuedAt: ctx.now(),
    },
  });
  await enqueue(tx, runJob, { payload: { runId: id }, place: run.place });
  return { id };
}

function subjectOf(run: NewRun) {
  const { systemId = null, backupId = null, reason = null, disruptionAt = null, statedDisruptionAt = null } = run;
  return {
    systemId,
    backupId,
    reason,
    disruptionAt,
    statedDisruptionAt,
    ...(run.runbook ? { runbook: run.runbook.id, runbookVersion: run.runbook.version, mode: run.runbook.mode } : {}),
  };
}
