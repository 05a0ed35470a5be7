import type { JobCtx } from "@/lib/db/context";
import { CancelledError } from "@/lib/kernel/errors";

const PERIOD_MS = 1_000;

/** While a run is carried out: writes that its runner lives, and aborts the signal when an operator asks for it. */
export function watchRun(ctx: JobCtx, runId: string): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  let busy = false;
  const look = async () => {
    const row = await ctx.db.run.update({
      where: { id: runId },
      data: { heartbeatAt: ctx.now() },
      select: { abortRequestedAt: true },
    });
    if (row.abortRequestedAt) controller.abort(new CancelledError("aborted by an operator"));
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    look()
      .catch((cause: unknown) => ctx.log.warn({ err: cause, runId }, "the run's heartbeat could not be stored"))
      .finally(() => {
        busy = false;
      });
  }, PERIOD_MS);
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}
