import type { Command } from "commander";
import { type RebuiltCatalog, rebuildCatalog } from "@/lib/copies";
import { readEnvironment } from "@/lib/kernel/env";
import { formatCountOf } from "@/lib/kernel/format";
import { monotonicMs } from "@/lib/kernel/time";
import { openEngines } from "../open-engines";
import { untilAsked } from "../until-asked";
import { answerWith } from "./answer";

const PROGRESS_PERIOD_MS = 2_000;

export function addCatalogCommands(program: Command): void {
  const catalog = program.command("catalog").description("what the console knows of backups and logs");
  catalog
    .command("rebuild")
    .description("read every signed manifest of a repository into the catalogue; it needs no runner")
    .requiredOption("--repository <name>", "a declared repository: apply holdfast.yaml first")
    .action((options: { repository: string }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const stopping = new AbortController();
        void untilAsked().then(() => stopping.abort());
        const engines = await openEngines(ctx.db, readEnvironment().home);
        const jobCtx = { ...ctx, engines, signal: stopping.signal };
        const rebuilt = await rebuildCatalog(jobCtx, { repository: options.repository }, sayProgress());
        return { json: rebuilt, text: describe(rebuilt), exitCode: rebuilt.refused.length > 0 ? 1 : 0 };
      }),
    );
}

function describe({ repository, backups, added, logs, refused }: RebuiltCatalog): string[] {
  const end = `${repository}: ${formatCountOf(backups, "backup")}, ${added} of them new to the catalogue; ${formatCountOf(logs, "log file")}`;
  if (refused.length === 0) return [end];
  return [...refused.map(({ key, reason }) => `refused: ${key}: ${reason}`), end, `${refused.length} refused`];
}

function sayProgress(): (found: Pick<RebuiltCatalog, "backups" | "logs">) => void {
  let lastMs = monotonicMs();
  return ({ backups, logs }) => {
    if (monotonicMs() - lastMs < PROGRESS_PERIOD_MS) return;
    lastMs = monotonicMs();
    process.stderr.write(`${formatCountOf(backups, "backup")}, ${formatCountOf(logs, "log file")} read\n`);
  };
}
