import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { EngineError } from "@/lib/kernel/errors";
import { ONE, type BenchEstate, serverSettings } from "./bench-estate";
import { type BenchFigure, figure } from "./figure";
import { measureRun } from "./measure-run";
import { restoreByMyloader } from "./restore-by-myloader";
import { type BaselineRun, runStandardBackup, runStandardRestore } from "./run-baseline";

const STANDARD = "gunzip | mysql";
/** The standard's dump holds the `mysql` schema, whose restore fails at times with ERROR 1006: a fresh server, again. */
const ATTEMPTS = 4;

/** The standard's restore into a fresh server like the source, its log on, myloader's, and ours, the safe restart included. */
export async function benchRestore(estate: BenchEstate, say: (text: string) => void): Promise<BenchFigure[]> {
  const file = join(estate.directory, "standard.sql.gz");
  if (!existsSync(file)) {
    say("mysqldump --all-databases | gzip, and a backup of ours, to restore from");
    await runStandardBackup(estate.source.root, file);
    await measureRun(estate, ["backup", "run", ONE, "--type", "full"]);
  }
  const standard = await restoreStandard(estate, file, say);
  const myloader = await restoreByMyloader(estate, say);
  say("Holdfast, from one repository");
  const ours = await measureRun(estate, ["restore", ONE, "--to", "scratch", "--from", "primary"]);
  const byMyloader = myloader && { name: "myloader", value: myloader.seconds };
  return [
    figure("restore.logical.seconds", [ours.seconds, "seconds"], { name: STANDARD, value: standard.seconds }),
    figure("restore.logical.cpuSeconds", [ours.cpuSeconds, "seconds"], { name: STANDARD, value: standard.cpuSeconds }),
    ...(byMyloader ? [figure("restore.logical.mydumperSeconds", [ours.seconds, "seconds"], byMyloader)] : []),
    figure("restore.logical.loadSeconds", [ours.steps.load ?? 0, "seconds"]),
    figure("restore.peakMemoryBytes", [ours.peakMemoryBytes, "bytes"]),
  ];
}

async function restoreStandard(estate: BenchEstate, file: string, say: (text: string) => void): Promise<BaselineRun> {
  for (let attempt = 1; ; attempt += 1) {
    say(attempt === 1 ? STANDARD : `${STANDARD}, attempt ${attempt}`);
    const directory = join(estate.directory, `b${attempt}`);
    const settings = serverSettings(estate.sqlBytes);
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
