import { resolve } from "node:path";
import { newId } from "@/lib/kernel/ids";
import { monotonicMs } from "@/lib/kernel/time";
import {
  type RecoveryCtx,
  type TreeRecovery,
  appendLogs,
  checkTree,
  describeTreeResult,
  dropTree,
  findTree,
  settleTree,
  unpackTree,
} from "@/lib/recovery";
import type { Answer } from "./answer";

/** Brings files or code back with no console, into a directory. */
export async function restoreTreeOffline(
  ctx: RecoveryCtx,
  options: Pick<TreeRecovery, "source" | "point" | "directory"> & { identity: string | undefined },
): Promise<Answer> {
  const begunMs = monotonicMs();
  const { source, point, directory, identity } = options;
  const recovery: TreeRecovery = {
    source,
    point,
    directory,
    identityFile: identity ? resolve(identity) : undefined,
    key: newId().slice(-12),
  };
  try {
    for (const step of [findTree, unpackTree, checkTree, appendLogs, settleTree]) {
      const outcome = await step(ctx, recovery);
      ctx.run.say(outcome.summary);
    }
  } finally {
    await dropTree(ctx, recovery);
  }
  const durationMs = Math.round(monotonicMs() - begunMs);
  return {
    json: { state: "succeeded", ...describeTreeResult(recovery), durationMs },
    text: [`restored from ${source.repository}: it lies in ${directory}`],
  };
}
