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
      systemId: run.systemId ?? null,
      backupId: run.backupId ?? null,
      runbook: run.runbook?.id ?? null,
      runbookVersion: run.runbook?.version ?? null,
      mode: run.runbook?.mode ?? null,
      state: "queued",
      parameters: { ...run.parameters, place: run.place } as object,
      reason: run.reason ?? null,
      startedBy: actorId(ctx.actor),
      startedByLabel: actorLabel(ctx.actor),
      disruptionAt: run.disruptionAt ?? null,
      statedDisruptionAt: run.statedDisruptionAt ?? null,
      clocks: run.clocks ?? {},
      queuedAt: ctx.now(),
    },
  });
  await enqueue(tx, runJob, { runId: id }, { place: run.place });
  return { id };
}
