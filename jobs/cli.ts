import { Command, CommanderError } from "commander";
import { addAlertCommands } from "./commands/alert";
import { addApplyCommands } from "./commands/apply";
import { addAuditCommands } from "./commands/audit";
import { addBackupCommands } from "./commands/backup";
import { addCatalogCommands } from "./commands/catalog";
import { addCutCommands } from "./commands/cut";
import { addDoctorCommand } from "./commands/doctor";
import { addDrillCommands } from "./commands/drill";
import { addFindingCommands } from "./commands/finding";
import { addRecipientCommands } from "./commands/recipient";
import { addRepositoryCommands } from "./commands/repository";
import { addRestoreCommands } from "./commands/restore";
import { addRetentionCommands } from "./commands/retention";
import { addRunCommands } from "./commands/run";
import { addRunbookCommands } from "./commands/runbook";
import { addSystemsCommand } from "./commands/systems";
import { addServiceCommands } from "./commands/up";
import { addUserCommands } from "./commands/user";
import { addVerifyCommands } from "./commands/verify";

const USAGE = 2;

const program = new Command("holdfast")
  .description("Backups that are proven, recoveries that are measured, an audit log that can be checked.")
  .option("--json", "one JSON object on stdout, everything else on stderr")
  .showHelpAfterError("(add --help for the options)")
  .exitOverride();

addServiceCommands(program);
addDoctorCommand(program);
addApplyCommands(program);
addSystemsCommand(program);
addBackupCommands(program);
addRepositoryCommands(program);
addCatalogCommands(program);
addCutCommands(program);
addRecipientCommands(program);
addRestoreCommands(program);
addVerifyCommands(program);
addFindingCommands(program);
addRetentionCommands(program);
addRunbookCommands(program);
addRunCommands(program);
addDrillCommands(program);
addAlertCommands(program);
addAuditCommands(program);
addUserCommands(program);
for (const command of allCommands(program)) {
  if (!command.options.some((option) => option.long === "--json")) {
    command.option("--json", "one JSON object on stdout, everything else on stderr");
  }
  command.exitOverride();
}

function allCommands(command: Command): Command[] {
  return command.commands.flatMap((child) => [child as Command, ...allCommands(child as Command)]);
}

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Asked help is an answer; anything else that commander says is wrong usage.
  process.exitCode = error.exitCode === 0 ? 0 : USAGE;
}
