import { statSync } from "node:fs";
import { writeDefaultsFile } from "@/lib/engines/database/mariadb/defaults-file";
import type { Connection } from "@/lib/engines/database/port";
import { startProgram } from "@/lib/engines/shared/process";
import { settleDisk } from "./settle-disk";
import { type Usage, watchProcesses } from "./watch-processes";

/*
 * The standard's own commands, as its document prints them, and mydumper's; the password comes from a file instead of the
 * arguments.
 */

const DUMP = `set -o pipefail
mysqldump "$1" --all-databases --single-transaction --quick --lock-tables=false --routines --triggers --events |
  gzip > "$2"`;
const RESTORE = `set -o pipefail
gunzip < "$2" | mysql "$1"`;

// As many threads as it takes by itself, of a table one at a time; not in the server's log, which is its default.
const MYDUMPER = `mydumper "$1" --database=bench --outputdir="$2" --compress --triggers --routines --events --verbose=1`;
const MYLOADER = `myloader "$1" --directory="$2" --verbose=1`;

export interface BaselineRun extends Usage {
  seconds: number;
}

/** `mysqldump --all-databases … | gzip > FILE`. */
export async function runStandardBackup(server: Connection, file: string): Promise<BaselineRun & { bytes: number }> {
  const run = await runBaseline(server, [DUMP, file]);
  return { ...run, bytes: statSync(file).size };
}

/** `gunzip < FILE | mysql`. @throws EngineError with the client's words, as it happens with the `mysql` schema in it */
export function runStandardRestore(server: Connection, file: string): Promise<BaselineRun> {
  return runBaseline(server, [RESTORE, file]);
}

/** `mydumper` of the generated data, into a new directory. */
export function runMydumper(server: Connection, directory: string): Promise<BaselineRun> {
  return runBaseline(server, [MYDUMPER, directory]);
}

/** `myloader` of what mydumper left. */
export function runMyloader(server: Connection, directory: string): Promise<BaselineRun> {
  return runBaseline(server, [MYLOADER, directory]);
}

/** A shell script whose first argument lets it into the server. `env`: what must not stand in the arguments. */
export async function runBaseline(
  server: Connection,
  [script, ...words]: readonly [string, ...string[]],
  env: Record<string, string> = {},
): Promise<BaselineRun> {
  const defaults = await writeDefaultsFile(server);
  try {
    await settleDisk();
    const begun = performance.now();
    const { child, done } = startProgram({
      engine: "bench",
      operation: "run a baseline",
      program: "bash",
      args: ["-c", script, "baseline", defaults.argument, ...words],
      env,
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
