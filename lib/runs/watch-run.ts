import type { JobCtx } from "@/lib/db/context";
import { CancelledError } from "@/lib/kernel/errors";
import { type ClaimedRun, heldBy } from "./claim-run";

const PERIOD_MS = 1_000;

/**
 * While a run is carried out: writes that its runner lives, and aborts the signal when an operator asks for it, or when
 * the run is no longer this runner's.
 */
export function watchRun(ctx: JobCtx, run: ClaimedRun): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  let busy = false;
  const look = async () => {
    const { count } = await ctx.db.run.updateMany({ where: heldBy(run), data: { heartbeatAt: ctx.now() } });
    if (count === 0) return controller.abort(new CancelledError("the run is no longer this runner's"));
    const row = await ctx.db.run.findUniqueOrThrow({ where: { id: run.id }, select: { abortRequestedAt: true } });
    if (row.abortRequestedAt) controller.abort(new CancelledError("aborted by an operator"));
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    look()
      .catch((cause: unknown) => ctx.log.warn({ err: cause, runId: run.id }, "the run's heartbeat could not be stored"))
      .finally(() => {
        busy = false;
      });
  }, PERIOD_MS);
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}
