import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { readVariable } from "@/lib/kernel/env";
import { ValidationError } from "@/lib/kernel/errors";
import { ensureQueues } from "@/lib/queue";
import { applyConfiguration, exportConfiguration } from "@/lib/settings";
import { answerWith } from "./answer";
import { placesOf } from "./open-console";
import { JOBS } from "../queues";

export function addApplyCommands(program: Command): void {
  program
    .command("apply")
    .description("declare the estate from a holdfast.yaml")
    .requiredOption("-f, --file <file>")
    .option("--dry-run", "show the difference and change nothing")
    .action((options: { file: string; dryRun?: boolean }, command: Command) =>
      answerWith(command, async ({ ctx, databaseUrl }) => {
        const text = await readFile(options.file, "utf8").catch((cause: NodeJS.ErrnoException) => {
          throw new ValidationError([{ path: options.file, message: `cannot be read (${cause.code ?? "unknown"})` }]);
        });
        const applied = await applyConfiguration(
          ctx,
          { text, file: options.file, dryRun: options.dryRun ?? false },
          (name) => readVariable(name) !== undefined,
        );
        await ensureQueues(databaseUrl, JOBS, await placesOf(ctx));
        const lines = applied.changes.map(
          ({ path, before, after }) => `${path}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`,
        );
        const end = applied.applied ? `applied as version ${applied.version}` : "nothing was applied";
        return { json: applied, text: [...lines, end] };
      }),
    );
  program
    .command("config")
    .description("the applied configuration")
    .command("export")
    .description("write it out again as YAML")
    .action((_: unknown, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const view = await exportConfiguration(ctx);
        return { json: view, text: [view.text.trimEnd()] };
      }),
    );
}
