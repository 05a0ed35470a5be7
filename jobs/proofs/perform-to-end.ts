import type { Ctx, JobCtx } from "@/lib/db/context";
import { type ClaimedRun, type RunPlan, getRun, listRunLog, performRun } from "@/lib/runs";

/** Carries out a run as a runner does; what became of it, and all that it said, as the reader sees it. */
export async function performToEnd<Shared>(
  { runner, reader }: { runner: JobCtx; reader: Ctx },
  runId: string,
  plan: (ctx: JobCtx, run: ClaimedRun) => Promise<RunPlan<Shared>>,
) {
  await performRun(runner, runId, plan);
  const run = await getRun(reader, { id: runId });
  const { lines } = await listRunLog(reader, { id: runId });
  return { run, said: lines.map(({ message }) => message).join("\n") };
}
