import { Argument, Command, Option } from "commander";
import { parseBytes } from "@/lib/kernel/bytes";
import { benchBackup } from "./bench-backup";
import { benchPhysical } from "./bench-physical";
import { benchRestore } from "./bench-restore";
import { benchRpo } from "./bench-rpo";
import { startBenchEstate } from "./bench-estate";
import { type BenchReport, describeMachine, printReport } from "./figure";

/* `npm run bench -- NAME… [--json]`: each figure beside its baseline, from one run on the same generated data. */

const BENCHMARKS = { backup: benchBackup, restore: benchRestore, physical: benchPhysical, rpo: benchRpo };
type Name = keyof typeof BENCHMARKS;
const NAMES = Object.keys(BENCHMARKS) as Name[];

async function bench(names: readonly Name[], options: { json?: boolean; size: string }): Promise<void> {
  const begun = performance.now();
  const say = (text: string) =>
    void process.stderr.write(`${((performance.now() - begun) / 1_000).toFixed(0).padStart(5)} s  ${text}\n`);
  const sqlBytes = parseBytes(options.size);
  if (sqlBytes === null) throw new Error(`"${options.size}" is not a size such as 1GiB`);
  const estate = await startBenchEstate(sqlBytes, say);
  try {
    const report: BenchReport = { machine: describeMachine(), figures: [] };
    for (const name of NAMES.filter((each) => names.includes(each))) {
      report.figures.push(...(await BENCHMARKS[name](estate, say)));
    }
    process.stdout.write(`${options.json ? JSON.stringify(report) : printReport(report)}\n`);
  } finally {
    await estate.stop();
  }
}

await new Command("bench")
  .description("Measures Holdfast beside the standard's own commands, on the same data in the same run.")
  .addArgument(new Argument("<names...>", "what is measured").choices(NAMES))
  .addOption(new Option("--size <size>", "SQL text of the generated data").default("1.1GiB"))
  .option("--json", "one JSON object on stdout, progress on stderr")
  .action(bench)
  .parseAsync(process.argv);
