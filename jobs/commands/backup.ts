import { type Command, Option } from "commander";
import { getBackup, listBackups, listChains, startBackup } from "@/lib/backups";
import { BACKUP_TYPES, type BackupType, type Chain } from "@/lib/backups/schemas";
import { formatBytes } from "@/lib/kernel/format";
import { answerWith, table } from "./answer";
import { answerRun } from "./wait-for-run";

export function addBackupCommands(program: Command): void {
  const backup = program.command("backup").description("take and list backups");
  backup
    .command("run")
    .description("take a backup of a system")
    .argument("<system>")
    .addOption(new Option("--type <type>", "what is taken").choices(BACKUP_TYPES).default("full"))
    .option("--wait", "follow it to its end")
    .action((system: string, options: { type: BackupType; wait?: boolean }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const { runId } = await startBackup(ctx, { system, type: options.type });
        return answerRun(ctx, runId, { wait: options.wait, describe: (run) => run.result ?? {} });
      }),
    );
  backup
    .command("list")
    .description("backups, newest first")
    .option("--system <name>")
    .option("--repository <name>")
    .option("--limit <n>", "at most so many", "50")
    .action((options: { system?: string; repository?: string; limit: string }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const page = await listBackups(ctx, {
          ...(options.system ? { system: options.system } : {}),
          ...(options.repository ? { repository: options.repository } : {}),
          limit: Number(options.limit),
        });
        return {
          json: page,
          text: table([
            ["STARTED", "SYSTEM", "TYPE", "STATE", "STORED", "COPIES", "VERIFIED", "ID"],
            ...page.backups.map((each) => [
              each.startedAt,
              each.system,
              each.type,
              each.state,
              each.sizeBytes === null ? "–" : formatBytes(each.sizeBytes),
              each.copies.map((copy) => `${copy.repository}:${copy.state}`).join(" "),
              each.verified ? `${each.verified.level} ${each.verified.verdict}` : "never",
              each.id,
            ]),
          ]),
        };
      }),
    );
  addChains(backup);
  backup
    .command("show")
    .description("one backup with its manifest")
    .argument("<id>")
    .action((id: string, _: unknown, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const detail = await getBackup(ctx, { id });
        return { json: detail, text: [JSON.stringify(detail, null, 2)] };
      }),
    );
}

function addChains(backup: Command): void {
  backup
    .command("chains")
    .description("each full with what follows it in a repository, and what they can bring back")
    .argument("<system>")
    .option("--repository <name>")
    .action((system: string, options: { repository?: string }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const page = await listChains(ctx, { system, ...options });
        return {
          json: page,
          text: table([
            ["FULL", "METHOD", "STATE", "INCREMENTS", "LOG TO", "RECOVERABLE TO", "PROVEN", "ID"],
            ...page.chains.map(describeChain),
          ]),
        };
      }),
    );
}

function describeChain({ startedAt, method, state, incrementals, log, reach, proven, backupId }: Chain): string[] {
  return [
    startedAt,
    method,
    state,
    String(incrementals.length),
    log?.to ?? "–",
    reach?.to ?? "–",
    proven?.level ?? "never",
    backupId,
  ];
}
