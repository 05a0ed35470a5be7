import type { Command } from "commander";
import { startRestore } from "@/lib/recovery";
import type { RunDetail } from "@/lib/runs/schemas";
import { answerAlone, answerWith } from "./answer";
import { restoreOffline } from "./restore-offline";
import { answerRun } from "./wait-for-run";

interface RestoreOptions {
  to: string;
  at: string;
  from?: string;
  wait?: boolean;
  reason?: string;
  offline?: boolean;
  repository?: string;
  identity?: string;
  publicKey?: string;
  system?: string;
}

export function addRestoreCommands(program: Command): void {
  program
    .command("restore")
    .description("bring a system back to a point, into a throw-away server, a directory or a declared target")
    .argument("[system]")
    .option("--to <target>", "scratch, dir:PATH or a declared target", "scratch")
    .option("--at <point>", "latest, an RFC 3339 time, gtid:D-S-N or before-gtid:D-S-N", "latest")
    .option("--from <repository>", "from this repository alone")
    .option("--reason <text>")
    .option("--wait", "follow it to its end")
    .option(
      "--offline",
      "without a console: bucket and key are enough. A scratch server runs until this command ends (Ctrl-C) and is then removed; with dir:PATH the data stays and its server is stopped",
    )
    .option(
      "--repository <url>",
      "offline: directory path, or s3://BUCKET/PREFIX?endpoint=URL&region=R (keys from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)",
    )
    .option("--identity <file>", "offline: the private age key")
    .option("--public-key <file>", "offline: count only what this key signed, instead of the keys in the repository")
    .option("--system <name>", "offline: the system")
    .action((system: string | undefined, options: RestoreOptions, command: Command) => {
      if (options.offline)
        return answerAlone(command, () => restoreOffline({ ...options, system: options.system ?? system }));
      return answerWith(command, async ({ ctx }) => {
        const { runId } = await startRestore(ctx, {
          system: system ?? options.system ?? "",
          to: options.to,
          at: options.at,
          ...(options.from ? { from: options.from } : {}),
          ...(options.reason ? { reason: options.reason } : {}),
        });
        return answerRun(ctx, runId, { wait: options.wait, describe: describeRestore });
      });
    });
}

/** `restore --wait --json` of the contract. */
function describeRestore(run: RunDetail): object {
  const ms = (...keys: string[]) =>
    Math.round(
      run.steps
        .filter((step) => keys.includes(step.key))
        .reduce((sum, step) => sum + (step.actualSeconds ?? 0) * 1_000, 0),
    );
  const durationMs = run.startedAt && run.endedAt ? Date.parse(run.endedAt) - Date.parse(run.startedAt) : null;
  return {
    ...(run.result ?? {}),
    phasesMs: {
      fetch: ms("find", "fetch"),
      load: ms("load"),
      replay: ms("replay", "logs"),
      check: ms("check", "queries", "heartbeat"),
    },
    durationMs,
  };
}
