import type { StepCtx } from "@/lib/runs";
import type { Recovery } from "./recovery";

/** Ends the throw-away server and removes everything of it; says what is left over, which must be nothing. */
export async function cleanUpRecovery(ctx: StepCtx, recovery: Recovery, keep: { server: boolean }): Promise<void> {
  const left: string[] = [];
  if (!keep.server) {
    await recovery.server?.stop();
    if (!(await recovery.engine.removeScratch(recovery.directory))) left.push(recovery.directory);
  }
  await recovery.engine.removeLog(recovery.logDirectory);
  ctx.run.say(
    left.length === 0 ? "cleaned up, nothing is left over" : `left over: ${left.join(", ")}`,
    left.length === 0 ? "info" : "warning",
  );
}
