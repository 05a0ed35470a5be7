import { statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeDefaultsFile } from "@/lib/engines/database/mariadb/defaults-file";
import { startServer } from "@/lib/engines/database/mariadb/server/run-server";
import { safeSettings } from "@/lib/engines/database/mariadb/server/scratch-settings";
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

const HAND_BACKUP = `set -o pipefail
mariadb-backup "$1" --backup --stream=mbstream --target-dir="$2.tmp" | zstd -1 -T2 -q > "$2"`;
const HAND_RESTORE = `set -eo pipefail
mkdir "$3"
zstd -dcq < "$2" | mbstream -x -C "$3"
mariadb-backup --no-defaults --prepare --target-dir="$3" --use-memory=1G`;

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

/** `mariadb-backup --backup --stream=mbstream | zstd > FILE`: the tools that ours are made of, by hand. */
export function runHandBackup(server: Connection, file: string): Promise<BaselineRun> {
  return runBaseline(server, [HAND_BACKUP, file]);
}

/** `zstd -d < FILE | mbstream -x`, `--prepare`, and a server with safe settings on it, until it answers. */
export async function runHandRestore(
  server: Connection,
  { file, directory }: { file: string; directory: string },
): Promise<BaselineRun> {
  await mkdir(directory);
  const dataDirectory = join(directory, "data");
  const unpacked = await runBaseline(server, [HAND_RESTORE, file, dataDirectory]);
  const begun = performance.now();
  const started = await startServer({
    dataDirectory,
    logFile: join(directory, "error.log"),
    temporaryDirectory: join(directory, "tmp"),
    connection: { ...server, socket: join(directory, "s"), port: 0 },
    settings: [...safeSettings(), "--skip-log-bin"],
    deathSignal: "KILL",
    signal: new AbortController().signal,
  });
  const seconds = unpacked.seconds + (performance.now() - begun) / 1_000;
  await started.kill();
  return { ...unpacked, seconds };
}

async function runBaseline(
  server: Connection,
  [script, ...files]: readonly [string, ...string[]],
): Promise<BaselineRun> {
  const defaults = await writeDefaultsFile(server);
  try {
    await settleDisk();
    const begun = performance.now();
    const { child, done } = startProgram({
      engine: "bench",
      operation: "run a baseline",
      program: "bash",
      args: ["-c", script, "baseline", defaults.argument, ...files],
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
