import { statSync } from "node:fs";
import { writeDefaultsFile } from "@/lib/engines/database/mariadb/defaults-file";
import type { Connection } from "@/lib/engines/database/port";
import { startProgram } from "@/lib/engines/shared/process";
import { type Usage, watchProcesses } from "./watch-processes";

/* The standard's own commands, as its document prints them; the password comes from a file instead of the arguments. */

const DUMP = `set -o pipefail
mysqldump "$1" --all-databases --single-transaction --quick --lock-tables=false --routines --triggers --events |
  gzip > "$2"`;
const RESTORE = `set -o pipefail
gunzip < "$2" | mysql "$1"`;

export interface BaselineRun extends Usage {
  seconds: number;
}

/** `mysqldump --all-databases … | gzip > FILE`. */
export async function runStandardBackup(server: Connection, file: string): Promise<BaselineRun & { bytes: number }> {
  const run = await runStandard(server, [DUMP, file]);
  return { ...run, bytes: statSync(file).size };
}

/** `gunzip < FILE | mysql`. @throws EngineError with the client's words, as it happens with the `mysql` schema in it */
export function runStandardRestore(server: Connection, file: string): Promise<BaselineRun> {
  return runStandard(server, [RESTORE, file]);
}

async function runStandard(server: Connection, [script, file]: readonly [string, string]): Promise<BaselineRun> {
  const defaults = await writeDefaultsFile(server);
  try {
    const begun = performance.now();
    const { child, done } = startProgram({
      engine: "bench",
      operation: "run the standard's own command",
      program: "bash",
      args: ["-c", script, "standard", defaults.argument, file],
      stdio: ["ignore", "ignore", "pipe"],
      signal: new AbortController().signal,
      hint: "Is the baseline server still there?",
    });
    const watch = watchProcesses(child.pid ?? 0);
    try {
      await done;
    } finally {
      watch.stop();
    }
    const seconds = (performance.now() - begun) / 1_000;
    return { seconds, ...watch.stop() };
  } finally {
    await defaults.remove();
  }
}
