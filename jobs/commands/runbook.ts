import type { Command } from "commander";
import { formatDuration } from "@/lib/kernel/format";
import { getRunbook, listRunbooks, startRunbook } from "@/lib/runbooks";
import { answerWith, table } from "./answer";
import { answerRun } from "./wait-for-run";

interface RunOptions {
  mode: string;
  at: string;
  from?: string;
  reason?: string;
  confirm?: string;
  disruption?: string;
  wait?: boolean;
}

export function addRunbookCommands(program: Command): void {
  const runbook = program.command("runbook").description("recovery scenarios");
  runbook.command("list").action((_: unknown, command: Command) =>
    answerWith(command, async ({ ctx }) => {
      const view = await listRunbooks(ctx);
      return {
        json: view,
        text: table([
          ["ID", "TITLE", "STEPS", "ESTIMATE", "RUNS"],
          ...view.runbooks.map((each) => [
            each.id,
            each.title,
            String(each.steps.length),
            `${formatDuration(each.estimateSeconds.from * 1_000)} to ${formatDuration(each.estimateSeconds.to * 1_000)}`,
            String(each.lastRuns.length),
          ]),
        ]),
      };
    }),
  );
  runbook
    .command("show")
    .argument("<id>")
    .action((id: string, _: unknown, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const view = await getRunbook(ctx, { id });
        return {
          json: view,
          text: [view.title, ...view.steps.map((step, index) => `${index + 1}. ${step.title}: ${step.does}`)],
        };
      }),
    );
  addRun(runbook);
}

function addRun(runbook: Command): void {
  runbook
    .command("run")
    .description("as a drill on throw-away resources, or live")
    .argument("<id>")
    .requiredOption("--mode <mode>", "drill or live")
    .option("--at <point>", "latest, an RFC 3339 time, gtid:D-S-N or before-gtid:D-S-N", "latest")
    .option("--from <repository>", "from this repository alone")
    .option("--reason <text>", "needed for live, kept in the audit log")
    .option("--confirm <system>", "live: the system's name, as a person types it")
    .option("--disruption <time>", "an earlier disruption than the last heartbeat; needs a reason")
    .option("--wait", "follow it to its end")
    .action((id: string, options: RunOptions, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const { runId } = await startRunbook(ctx, {
          runbook: id,
          mode: options.mode as "drill" | "live",
          at: options.at,
          ...(options.from ? { from: options.from } : {}),
          ...(options.reason ? { reason: options.reason } : {}),
          ...(options.confirm ? { confirm: options.confirm } : {}),
          ...(options.disruption ? { disruptionAt: options.disruption } : {}),
        });
        return answerRun(ctx, runId, {
          wait: options.wait,
          describe: (run) => ({
            ...(run.result ?? {}),
            rtoActualSeconds: run.rtoActualSeconds,
            rpoActualSeconds: run.rpoActualSeconds,
          }),
        });
      }),
    );
}
