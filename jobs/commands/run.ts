import type { Command } from "commander";
import { ValidationError } from "@/lib/kernel/errors";
import { formatDuration } from "@/lib/kernel/format";
import { abortRun, decideStep, getRun, listRuns } from "@/lib/runs";
import type { RunDetail } from "@/lib/runs/schemas";
import { type Answer, answerWith, table } from "./answer";
import { followRun } from "./wait-for-run";

export function addRunCommands(program: Command): void {
  const run = program.command("run").description("look at, abort and decide runs");
  run
    .command("show")
    .argument("<id>")
    .option("--follow", "its log until it ends")
    .action((id: string, options: { follow?: boolean }, command: Command) =>
      answerWith(command, async ({ ctx }) =>
        describe(options.follow ? await followRun(ctx, id) : await getRun(ctx, { id })),
      ),
    );
  run
    .command("list")
    .description("runs, newest first")
    .option("--open", "only those that go on")
    .action((options: { open?: boolean }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const page = await listRuns(ctx, options.open ? { open: true } : {});
        return {
          json: page,
          text: table([
            ["QUEUED", "KIND", "TITLE", "STATE", "ID"],
            ...page.runs.map((each) => [each.queuedAt, each.kind, each.title, each.state, each.id]),
          ]),
        };
      }),
    );
  run
    .command("abort")
    .argument("<id>")
    .option("--reason <text>")
    .action((id: string, options: { reason?: string }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const aborted = await abortRun(ctx, { id, ...(options.reason ? { reason: options.reason } : {}) });
        return { json: aborted, text: [`asked run ${id} to end`] };
      }),
    );
  addDecide(run);
}

interface Decision {
  retry?: boolean;
  skip?: string;
  abort?: boolean;
}

function addDecide(run: Command): void {
  run
    .command("decide")
    .description("decide a step that waits because its runner was gone")
    .argument("<id>")
    .argument("<step>")
    .option("--retry", "carry it out again")
    .option("--skip <reason>", "go on without it")
    .option("--abort", "end the run")
    .action((id: string, step: string, ...[options, command]: [Decision, Command]) =>
      answerWith(command, async ({ ctx }) => {
        const chosen = [options.retry && "retry", options.skip && "skip", options.abort && "abort"].filter(Boolean);
        const [decision] = chosen;
        if (chosen.length !== 1 || !decision) {
          throw new ValidationError([
            { path: "decision", message: "expected exactly one of --retry, --skip REASON and --abort" },
          ]);
        }
        const decided = await decideStep(ctx, {
          id,
          step,
          decision: decision as "retry" | "skip" | "abort",
          ...(options.skip ? { reason: options.skip } : {}),
        });
        return { json: decided, text: [`step ${step}: ${decision}`] };
      }),
    );
}

function describe(run: RunDetail): Answer {
  const seconds = (value: number | null) => (value === null ? "–" : formatDuration(value * 1_000));
  return {
    json: run,
    text: [
      `${run.title}, ${run.kind}${run.mode ? ` (${run.mode})` : ""}: ${run.state}`,
      `RTO actual ${seconds(run.rtoActualSeconds)}, RPO actual ${seconds(run.rpoActualSeconds)}`,
      ...table(
        run.steps.map((step) => [
          step.state,
          step.title,
          seconds(step.actualSeconds),
          step.exercised ? (step.summary ?? step.error ?? "") : "not exercised",
        ]),
      ),
      ...(run.error ? [`${run.error.message}. ${run.error.hint ?? ""}`] : []),
    ],
  };
}
