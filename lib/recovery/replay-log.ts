import { formatBytes } from "@/lib/kernel/format";
import type { StepOutcome } from "@/lib/runs";
import { type Recovery, type RecoveryCtx, known } from "./recovery";

/** Applies the log from the full's position to the point, and restarts the server with settings that are safe to keep data in. */
export async function replayLog(ctx: RecoveryCtx, recovery: Recovery): Promise<StepOutcome> {
  const plan = known(recovery.replay, "the end of the replay");
  const server = known(recovery.server, "the server");
  recovery.gtidState = plan.from.gtid;
  if (plan.end.gtid === null) {
    await server.makeSafe(ctx.signal);
    return { summary: "nothing to replay: the point is the full itself", transactions: 0 };
  }
  const total = recovery.pieces?.reduce((sum, piece) => sum + piece.end - piece.start, 0) ?? null;
  const facts = await recovery.engine.replay(server.connection, plan, {
    signal: ctx.signal,
    onProgress: (done) => ctx.run.progress({ done, total, unit: "bytes" }),
  });
  recovery.gtidState = facts.gtidState;
  if (facts.preparedXa > 0) {
    ctx.run.say(`${facts.preparedXa} prepared XA transactions are open at this point`, "warning");
  }
  await server.makeSafe(ctx.signal);
  return {
    summary: `${facts.transactions} transactions, ${formatBytes(facts.bytes)}, the last is ${facts.lastGtid ?? "none"}`,
    ...facts,
    heartbeat: facts.heartbeat?.at.toISOString() ?? null,
  };
}
