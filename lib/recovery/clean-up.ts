import { summarizeError } from "@/lib/kernel/errors";
import type { StepCtx } from "@/lib/runs";
import type { Recovery } from "./recovery";

/** Ends the throw-away server and removes everything of it; says what is left over, which must be nothing. */
export async function cleanUpRecovery(ctx: StepCtx, recovery: Recovery, keep: { server: boolean }): Promise<void> {
  const left: string[] = [];
  if (!keep.server && !recovery.leftAt) {
    // One that crashed does not end well: its directory goes all the same.
    await recovery.server?.stop().catch((cause: unknown) => ctx.run.say(summarizeError(cause).message, "warning"));
    if (!(await recovery.engine.removeScratch(recovery.directory))) left.push(recovery.directory);
  }
  await recovery.engine.removeLog(recovery.logDirectory);
  ctx.run.say(
    left.length === 0 ? "cleaned up, nothing is left over" : `left over: ${left.join(", ")}`,
    left.length === 0 ? "info" : "warning",
  );
}
