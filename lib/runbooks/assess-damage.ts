import { EngineError, PreconditionError, RefusedError } from "@/lib/kernel/errors";
import { formatDuration } from "@/lib/kernel/format";
import { type StepCtx, type StepOutcome, recordClock, recordMeasures } from "@/lib/runs";
import type { RunbookShared } from "./runbook-shared";

/**
 * Looks at the damaged server and fixes the disruption: a drill's is its start, a live run's is the last acknowledged
 * heartbeat, or an earlier instant that a person stated. A live run is refused while the old primary still answers:
 * what it would accept from now on would be lost.
 */
export async function assessDamage(ctx: StepCtx, shared: RunbookShared): Promise<StepOutcome> {
  const row = await ctx.db.system.findUniqueOrThrow({ where: { name: shared.system } });
  const answer = await askServer(ctx, shared.system);
  ctx.run.say(answer === null ? "the server answers" : `the server does not answer: ${answer.message}`);
  if (shared.mode === "drill") {
    shared.disruptionAt = shared.run.startedAt;
  } else {
    refuseLivingPrimary(shared.system, answer);
    shared.disruptionAt = disruptionFrom(shared, row.heartbeatAt);
    await recordClock(ctx, shared.run.id, ["detect", row.failingSince ?? ctx.now()]);
  }
  await recordClock(ctx, shared.run.id, ["disrupt", shared.disruptionAt]);
  await recordMeasures(ctx, shared.run.id, { disruptionAt: shared.disruptionAt });
  const age = formatDuration(ctx.now().getTime() - shared.disruptionAt.getTime());
  return {
    summary: `${shared.mode === "drill" ? "the drill's start counts as the disruption" : `disruption ${shared.disruptionAt.toISOString()}, ${age} ago`}`,
    disruptionAt: shared.disruptionAt.toISOString(),
  };
}

/** A server that refuses our password serves others: what it accepts from now on would be lost. */
function refuseLivingPrimary(system: string, answer: Silence | null): void {
  if (answer !== null && !answer.isRefusal) return;
  const how = answer === null ? "still answers" : `still answers, though not to us: ${answer.message}`;
  throw new RefusedError(`the primary of "${system}" ${how}`, {
    hint: "Stop or isolate it first: what it accepts during a recovery would be lost.",
  });
}

/** The last acknowledged heartbeat, or an earlier instant that a person stated. */
function disruptionFrom({ run, system }: RunbookShared, heartbeatAt: Date | null): Date {
  const stated = run.statedDisruptionAt;
  if (stated && (!heartbeatAt || stated < heartbeatAt)) return stated;
  if (heartbeatAt) return heartbeatAt;
  throw new PreconditionError(`no heartbeat of "${system}" was ever acknowledged: its disruption is unknown`, {
    hint: "Start the run with a stated disruption time and a reason.",
  });
}

interface Silence {
  message: string;
  /** It answers, and refuses us: trying again would not help. */
  isRefusal: boolean;
}

/** null when it answers, else why not. */
async function askServer(ctx: StepCtx, system: string): Promise<Silence | null> {
  const engine = await ctx.engines.database(system);
  try {
    await engine.inspect(AbortSignal.any([ctx.signal, AbortSignal.timeout(10_000)]));
    return null;
  } catch (error) {
    ctx.signal.throwIfAborted();
    const message = error instanceof Error ? error.message : "unknown";
    return { message, isRefusal: error instanceof EngineError && error.permanent };
  }
}
