import type { JobCtx } from "@/lib/db/context";
import type { ClockName } from "./schemas";

/** Stores when something of a recovery happened; a clock that stands already is kept (the first time counts). */
export async function recordClock(
  ctx: Pick<JobCtx, "db">,
  runId: string,
  [clock, at]: readonly [ClockName, Date],
): Promise<void> {
  await ctx.db.$executeRaw`
    UPDATE runs SET clocks = jsonb_build_object(${clock}::text, ${at.toISOString()}::text) || clocks WHERE id = ${runId}::uuid`;
}

export interface Measures {
  /** The last acknowledged heartbeat, or a drill's start. */
  disruptionAt?: Date;
  /** Disruption to the first verified request on the recovered system, human waits included. */
  rtoActualMs?: number;
  /** Disruption − newest heartbeat in the recovered data. */
  rpoActualMs?: number;
}

/** Stores what was measured. Never an estimate. */
export async function recordMeasures(ctx: Pick<JobCtx, "db">, runId: string, measures: Measures): Promise<void> {
  await ctx.db.run.update({
    where: { id: runId },
    data: {
      ...(measures.disruptionAt ? { disruptionAt: measures.disruptionAt } : {}),
      ...(measures.rtoActualMs === undefined ? {} : { rtoActualMs: BigInt(Math.round(measures.rtoActualMs)) }),
      ...(measures.rpoActualMs === undefined ? {} : { rpoActualMs: BigInt(Math.round(measures.rpoActualMs)) }),
    },
  });
}
