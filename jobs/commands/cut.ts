import type { Command } from "commander";
import { getCut, startCut } from "@/lib/backups";
import { answerWith, table } from "./answer";
import { answerRun } from "./wait-for-run";

export function addCutCommands(program: Command): void {
  const cut = program.command("cut").description("every system under one id");
  cut
    .command("run")
    .description("take a full backup of every system, databases first")
    .option("--reason <text>")
    .option("--wait", "follow it to its end")
    .action((options: { reason?: string; wait?: boolean }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const { runId } = await startCut(ctx, options.reason ? { reason: options.reason } : {});
        return answerRun(ctx, runId, { wait: options.wait, describe: (run) => run.result ?? {} });
      }),
    );
  cut
    .command("show")
    .description("the backups of a cut, and how far apart they are")
    .argument("<id>")
    .action((id: string, _: unknown, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const view = await getCut(ctx, { id });
        const skew = view.skewSeconds === null ? "not known yet" : `${view.skewSeconds} s`;
        return {
          json: view,
          text: [
            `cut ${view.id}: ${view.state}, skew ${skew}`,
            ...table([
              ["SYSTEM", "STATE", "SNAPSHOT", "ENDED", "BACKUP"],
              ...view.members.map((each) => [
                each.system,
                each.state,
                each.snapshotAt ?? "–",
                each.endedAt ?? "–",
                each.backupId ?? "–",
              ]),
            ]),
          ],
        };
      }),
    );
}
