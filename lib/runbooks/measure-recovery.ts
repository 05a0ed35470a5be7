import { formatDuration } from "@/lib/kernel/format";
import { known } from "@/lib/recovery";
import { type StepCtx, type StepOutcome, recordClock, recordMeasures } from "@/lib/runs";
import type { RunbookShared } from "./runbook-shared";

/**
 * RPO actual: disruption − newest heartbeat in the recovered data. Measured only where the newest point was asked for:
 * an older one loses data on purpose. In a drill the answered queries were the first verified request, so its RTO
 * actual ends here; a live run's ends with the first write that a client got acknowledged.
 */
export async function measureRecovery(ctx: StepCtx, shared: RunbookShared, outcome: StepOutcome): Promise<StepOutcome> {
  const disruptionAt = await disruptionOf(ctx, shared);
  const { heartbeat } = known(shared.recovery, "the recovery");
  const verifiedAt = ctx.now();
  await recordClock(ctx, shared.run.id, ["verified", verifiedAt]);
  const rtoActualMs = verifiedAt.getTime() - disruptionAt.getTime();
  const rpoActualMs =
    shared.at === "latest" && heartbeat ? Math.max(0, disruptionAt.getTime() - heartbeat.at.getTime()) : undefined;
  if (rpoActualMs === undefined)
    ctx.run.say("RPO is not measured: an older point was asked for, or no heartbeat is in the data");
  await recordMeasures(ctx, shared.run.id, {
    ...(shared.mode === "drill" ? { rtoActualMs } : {}),
    ...(rpoActualMs === undefined ? {} : { rpoActualMs }),
  });
  const rpo = rpoActualMs === undefined ? "RPO not measured" : `RPO ${formatDuration(rpoActualMs)}`;
  return { ...outcome, summary: `${outcome.summary}; ${rpo}, data verified after ${formatDuration(rtoActualMs)}` };
}

/** Of this process's first step, or as an earlier runner of this run stored it. */
export async function disruptionOf(ctx: StepCtx, shared: RunbookShared): Promise<Date> {
  if (shared.disruptionAt) return shared.disruptionAt;
  const row = await ctx.db.run.findUniqueOrThrow({ where: { id: shared.run.id }, select: { disruptionAt: true } });
  shared.disruptionAt = known(row.disruptionAt ?? undefined, "the disruption");
  return shared.disruptionAt;
}
