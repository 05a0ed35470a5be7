import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { EngineError } from "@/lib/kernel/errors";
import { ONE, type BenchEstate, serverSettings } from "./bench-estate";
import { benchPhysicalRestore } from "./bench-physical";
import { type BenchFigure, STANDARD_RESTORE as STANDARD, figure } from "./figure";
import { measureRun } from "./measure-run";
import { restoreByMyloader } from "./restore-by-myloader";
import { type BaselineRun, runStandardBackup, runStandardRestore } from "./run-baseline";

/** In a server that may keep all tables in memory, as the source and our own. */
const STANDARD_IN_MEMORY = `${STANDARD}, into a server like the source`;
/** The standard's dump holds the `mysql` schema, whose restore fails at times with ERROR 1006: a fresh server, again. */
const ATTEMPTS = 4;

/**
 * The standard's restore into a fresh server with Debian's defaults and its log on, and into one like the source;
 * myloader's into one like the source; and ours, the safe restart included.
 */
export async function benchRestore(estate: BenchEstate, say: (text: string) => void): Promise<BenchFigure[]> {
  const file = join(estate.directory, "standard.sql.gz");
  if (!existsSync(file)) {
    say("mysqldump --all-databases | gzip, and a backup of ours, to restore from");
    await runStandardBackup(estate.source.root, file);
    await measureRun(estate, ["backup", "run", ONE, "--type", "full"]);
  }
  const standard = await restoreStandard(estate, { name: STANDARD, file, settings: {} }, say);
  const inMemory = await restoreStandard(
    estate,
    { name: STANDARD_IN_MEMORY, file, settings: serverSettings(estate.sqlBytes) },
    say,
  );
  const myloader = await restoreByMyloader(estate, say);
  say("Holdfast, from one repository");
  const ours = await measureRun(estate, ["restore", ONE, "--to", "scratch", "--from", "primary"]);
  const byMyloader = myloader && { name: "myloader", value: myloader.seconds };
  return [
    figure("restore.logical.seconds", [ours.seconds, "seconds"], { name: STANDARD, value: standard.seconds }),
    figure("restore.logical.inMemorySeconds", [ours.seconds, "seconds"], {
      name: STANDARD_IN_MEMORY,
      value: inMemory.seconds,
    }),
    figure("restore.logical.cpuSeconds", [ours.cpuSeconds, "seconds"], { name: STANDARD, value: standard.cpuSeconds }),
    ...(byMyloader ? [figure("restore.logical.mydumperSeconds", [ours.seconds, "seconds"], byMyloader)] : []),
    figure("restore.logical.loadSeconds", [ours.steps.load ?? 0, "seconds"]),
    figure("restore.peakMemoryBytes", [ours.peakMemoryBytes, "bytes"]),
    ...(await benchPhysicalRestore(estate, standard, say)),
  ];
}

async function restoreStandard(
  estate: BenchEstate,
  { name, file, settings }: { name: string; file: string; settings: Record<string, number> },
  say: (text: string) => void,
): Promise<BaselineRun> {
  for (let attempt = 1; ; attempt += 1) {
    say(attempt === 1 ? name : `${name}, attempt ${attempt}`);
    const directory = join(estate.directory, `b${attempt}`);
    const server = await startMariadbServer({ directory, serverId: 12, binlog: true, settings });
    try {
      return await runStandardRestore(server.root, file);
    } catch (error) {
      if (!(error instanceof EngineError) || attempt === ATTEMPTS) throw error;
      say(`the standard's restore failed: ${error.message}`);
    } finally {
      await server.kill();
      await rm(directory, { recursive: true, force: true });
    }
  }
}
