import type { Command } from "commander";
import { readEnvironment } from "@/lib/kernel/env";
import { findConfiguration } from "@/lib/settings";
import { checkChannels } from "../doctor/check-channels";
import { checkDatabases, checkRunners } from "../doctor/check-estate";
import { checkKeys, checkPrograms, checkSpace } from "../doctor/check-machine";
import { checkRecipients } from "../doctor/check-recipients";
import { checkRepositories } from "../doctor/check-repositories";
import { type Finding, fail } from "../doctor/finding";
import { openEngines } from "../open-engines";
import { answerWith } from "./answer";
import type { ConsoleHandle } from "./open-console";

const TIMEOUT_MS = 60_000;

export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description(
      "check programs, connections, privileges, log settings, space, keys and buckets; each line with its fix",
    )
    .action((_: unknown, command: Command) =>
      answerWith(command, async (console) => {
        const findings = await examine(console);
        const hasFailed = findings.some((finding) => finding.verdict === "fail");
        return { json: { ok: !hasFailed, findings }, text: findings.flatMap(describe), exitCode: hasFailed ? 1 : 0 };
      }),
    );
}

async function examine({ ctx }: ConsoleHandle): Promise<Finding[]> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const engines = await openEngines(ctx.db, readEnvironment().home);
  const machine = [...(await checkPrograms(signal)), ...(await checkSpace(engines)), ...(await checkRunners(ctx))];
  const loaded = await findConfiguration(ctx);
  if (!loaded)
    return [...machine, fail("configuration", "no estate is declared", "Run `holdfast apply -f holdfast.yaml`.")];
  return [
    ...machine,
    ...(await checkKeys(loaded.configuration.keys)),
    ...(await checkRecipients(ctx)),
    ...(await checkRepositories(ctx, engines, { configuration: loaded.configuration, signal })),
    ...(await checkDatabases(engines, loaded.configuration, signal)),
    ...(await checkChannels(ctx, engines, loaded.configuration)),
  ];
}

function describe(finding: Finding): string[] {
  const line = `${finding.verdict.padEnd(4)}  ${finding.name}: ${finding.message}`;
  return finding.fix ? [line, `      ${finding.fix}`] : [line];
}
