import { join } from "node:path";
import { BOTH, ONE, type BenchEstate } from "./bench-estate";
import { benchPhysicalBackup } from "./bench-physical";
import { type BenchFigure, figure } from "./figure";
import { measureRun } from "./measure-run";
import { runStandardBackup } from "./run-baseline";

const STANDARD = "mysqldump --all-databases | gzip";

/** The standard's dump to a local file, and ours: packed, encrypted and stored in one repository, then in both. */
export async function benchBackup(estate: BenchEstate, say: (text: string) => void): Promise<BenchFigure[]> {
  // Both read from a warm server: what is measured is the way out of it.
  say("warming the server up");
  await estate.source.run(...Array.from({ length: 8 }, (_, index) => `CHECKSUM TABLE bench.orders_${index + 1}`));
  say(STANDARD);
  const standard = await runStandardBackup(estate.source.root, join(estate.directory, "standard.sql.gz"));
  say("Holdfast, to one repository");
  const one = await measureRun(estate, ["backup", "run", ONE, "--type", "full"]);
  say("Holdfast, to both repositories");
  const both = await measureRun(estate, ["backup", "run", BOTH, "--type", "full"]);
  const against = (value: number) => ({ name: STANDARD, value });
  return [
    figure("backup.logical.seconds", [one.seconds, "seconds"], against(standard.seconds)),
    figure("backup.logical.cpuSeconds", [one.cpuSeconds, "seconds"], against(standard.cpuSeconds)),
    figure("backup.logical.storedBytes", [Number(one.result.sizeBytes), "bytes"], against(standard.bytes)),
    figure("backup.bothRepositories.seconds", [both.seconds, "seconds"], against(standard.seconds)),
    figure("backup.bothRepositories.cpuSeconds", [both.cpuSeconds, "seconds"], against(standard.cpuSeconds)),
    figure("backup.peakMemoryBytes", [both.peakMemoryBytes, "bytes"], against(standard.peakMemoryBytes)),
    ...(await benchPhysicalBackup(estate, say)),
  ];
}
