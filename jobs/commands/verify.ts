import type { Command } from "commander";
import type { VerificationLevel } from "@/lib/backups/schemas";
import { formatDuration } from "@/lib/kernel/format";
import { getVerifier, listVerifications, startSelfTest, startVerification } from "@/lib/verification";
import type { PlantResult } from "@/lib/verification/schemas";
import { answerWith, table } from "./answer";
import { answerRun, followRun } from "./wait-for-run";

interface VerifyOptions {
  level: string;
  from?: string;
  wait?: boolean;
}

export function addVerifyCommands(program: Command): void {
  const verify = program
    .command("verify")
    .description("prove a system's newest backup, or the named one; the verdict is kept with its evidence")
    .argument("<system-or-backup>")
    .option("--level <level>", "object, restore, replay or application", "restore")
    .option("--from <repository>", "from this repository alone")
    .option("--wait", "follow it to its end")
    .action((name: string, options: VerifyOptions, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const isBackup = /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(name);
        const { runId } = await startVerification(ctx, {
          ...(isBackup ? { backup: name } : { system: name }),
          level: options.level as VerificationLevel,
          ...(options.from ? { from: options.from } : {}),
        });
        const answer = await answerRun(ctx, runId, { wait: options.wait, describe: (run) => run.result ?? {} });
        if (!options.wait) return answer;
        // The verdict is the answer, also of a run that failed: whose fault it was stands there.
        const [newest] = (await listVerifications(ctx, { limit: 20 })).verifications.filter(
          (each) => each.runId === runId,
        );
        const verdict = newest?.verdict ?? "unknown";
        return { ...answer, json: { ...answer.json, verdict }, text: [...answer.text, `verdict: ${verdict}`] };
      }),
    );
  addSelfTest(verify);
  addHistory(verify);
}

function addSelfTest(verify: Command): void {
  verify
    .command("self-test")
    .description("plant broken backups in a throw-away repository, and show which level caught each")
    .action((_: unknown, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const { runId } = await startSelfTest(ctx);
        const run = await followRun(ctx, runId);
        const verifier = await getVerifier(ctx);
        const isOwn = verifier.runId === runId;
        const plants = isOwn ? verifier.plants : [];
        const state = isOwn ? verifier.state : "failed";
        const error = run.error ? { error: run.error } : {};
        return {
          json: { runId, state, plants, ...error },
          text: [...tableOf(plants), "", `the verifier: ${state}${run.error ? `: ${run.error.message}` : ""}`],
          exitCode: state === "passed" ? 0 : 1,
        };
      }),
    );
}

function addHistory(verify: Command): void {
  verify
    .command("list")
    .description("attempts to prove backups, newest first")
    .option("--system <name>")
    .option("--limit <n>", "at most so many", "50")
    .action((options: { system?: string; limit: string }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const page = await listVerifications(ctx, {
          ...(options.system ? { system: options.system } : {}),
          limit: Number(options.limit),
        });
        const rows = page.verifications.map((each) => [
          each.at,
          each.system,
          each.level,
          each.verdict,
          each.repository ?? "–",
          each.durationMs === null ? "–" : formatDuration(each.durationMs),
          each.backupId,
        ]);
        return {
          json: page,
          text: table([["AT", "SYSTEM", "LEVEL", "VERDICT", "REPOSITORY", "TOOK", "BACKUP"], ...rows]),
        };
      }),
    );
}

function tableOf(plants: readonly PlantResult[]): string[] {
  const rows = plants.map(({ title, levels, caughtAt, isRight }) => [
    title,
    levels.object,
    levels.restore,
    levels.replay,
    caughtAt ?? "–",
    isRight ? "right" : "WRONG",
  ]);
  return plants.length === 0 ? [] : table([["PLANTED", "OBJECT", "RESTORE", "REPLAY", "CAUGHT AT", ""], ...rows]);
}
