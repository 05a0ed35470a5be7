import type { Ctx } from "@/lib/db/context";
import { waitFor } from "@/lib/kernel/wait-for";
import { getRun, listRunLog } from "@/lib/runs";
import type { RunDetail } from "@/lib/runs/schemas";
import type { Answer } from "./answer";

const PERIOD_MS = 300;

/** Follows a run to its end, its log on stderr. A run that waits for an operator's decision ends the wait too. */
export async function followRun(ctx: Ctx, runId: string): Promise<RunDetail> {
  const never = new AbortController().signal;
  let after = 0;
  for (;;) {
    const run = await getRun(ctx, { id: runId });
    const { lines } = await listRunLog(ctx, { id: runId, after, limit: 1_000 });
    for (const line of lines) {
      process.stderr.write(
        `${line.at.slice(11, 19)} ${line.level === "info" ? "" : `${line.level}: `}${line.step ?? "run"}: ${line.message}\n`,
      );
      after = line.id;
    }
    const hasEnded = run.state !== "queued" && run.state !== "running";
    if (hasEnded && lines.length === 0) return run;
    await waitFor(PERIOD_MS, never);
  }
}

/** The answer of a command that starts a run: at once, or with `--wait` how it ended (exit code 1 when it did not succeed, 3 when a guard refused it). */
export async function answerRun(
  ctx: Ctx,
  runId: string,
  options: { wait?: boolean | undefined; describe?: (run: RunDetail) => object },
): Promise<Answer> {
  if (!options.wait)
    return { json: { runId }, text: [`run ${runId} is queued; follow it with: holdfast run show ${runId} --follow`] };
  const run = await followRun(ctx, runId);
  const error = run.error ? { error: run.error } : {};
  return {
    // `state` is the run's own: what a run's result calls so (a backup that is complete) must not hide it.
    json: { ...(options.describe?.(run) ?? {}), runId, state: run.state, ...error },
    text: [`run ${runId} ${run.state}${run.error ? `: ${run.error.message}` : ""}`],
    exitCode: exitCodeOf(run),
  };
}

function exitCodeOf(run: RunDetail): number {
  if (run.state === "succeeded") return 0;
  return run.error?.code === "REFUSED" || run.error?.code === "DAMAGED" || run.error?.code === "PRECONDITION" ? 3 : 1;
}
