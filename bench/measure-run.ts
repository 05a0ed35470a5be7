import { z } from "zod";
import type { BenchEstate } from "./bench-estate";
import { settleDisk } from "./settle-disk";
import { type Usage, watchProcesses } from "./watch-processes";

const Started = z.object({ runId: z.string(), state: z.string() });
const Run = z.object({
  startedAt: z.string(),
  endedAt: z.string(),
  result: z.record(z.string(), z.unknown()),
  steps: z.array(z.object({ key: z.string(), actualSeconds: z.number().nullable(), summary: z.string().nullable() })),
});

export interface MeasuredRun extends Usage {
  /** From the runner's first act to its last; the queue's wait is not in it. */
  seconds: number;
  steps: Record<string, number>;
  result: Record<string, unknown>;
}

/** Starts a run by the command line, waits for it, and takes what its runner's process tree used. */
export async function measureRun(estate: BenchEstate, args: readonly string[]): Promise<MeasuredRun> {
  await settleDisk();
  const watch = watchProcesses(estate.holdfastPid);
  const { runId } = await estate.holdfast([...args, "--wait"], Started);
  const usage = watch.stop();
  const run = await estate.holdfast(["run", "show", runId], Run);
  return {
    ...usage,
    seconds: (Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1_000,
    steps: Object.fromEntries(run.steps.map((step) => [step.key, step.actualSeconds ?? 0])),
    result: run.result,
  };
}
