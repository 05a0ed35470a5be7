import { resolve } from "node:path";
import { Argument, Command, CommanderError, Option } from "commander";
import { BREAKABLE, breakDatabase } from "./break";
import { defaultDirectory, layoutOf } from "./parts/layout";
import { readEstateFile } from "./parts/estate-file";
import { runCheck } from "./run-check";
import { holdEstate, runDemo } from "./run-demo";
import { createTeller } from "./say";
import { stopEstate } from "./stop";

/* `npm run demo`: the practice estate and a console on it. Exit codes: 0 done, 1 failed, 2 wrong usage. */

interface Options {
  data?: string;
  check?: boolean;
  json?: boolean;
  memory?: boolean;
}

const directoryOf = (options: Options) => resolve(options.data ?? defaultDirectory());
const print = (text: string) => void process.stdout.write(`${text}\n`);

async function demo(options: Options): Promise<void> {
  const teller = createTeller(options.json ? process.stderr : process.stdout);
  if (!options.check) return runDemo(directoryOf(options), teller);
  const answer = await runCheck(options.data === undefined ? undefined : resolve(options.data), teller);
  print(options.json ? JSON.stringify(answer) : JSON.stringify(answer, null, 2));
  process.exitCode = answer.ok ? 0 : 1;
}

async function breakPart(options: Options): Promise<void> {
  const layout = layoutOf(directoryOf(options));
  if (!readEstateFile(layout))
    throw new Error(`there is no estate in "${layout.directory}"; start it with "npm run demo"`);
  const at = await breakDatabase(layout);
  print(
    options.json
      ? JSON.stringify({ broken: "database", at: at.toISOString() })
      : `the database is lost since ${at.toISOString()}: its server was killed and its data directory removed`,
  );
}

async function stop(options: Options): Promise<void> {
  const state = await stopEstate(layoutOf(directoryOf(options)));
  print(options.json ? JSON.stringify({ state }) : state);
}

const data = () =>
  new Option("--data <directory>", "where everything of the estate lies").default(undefined, defaultDirectory());
const json = () => new Option("--json", "one JSON object on stdout, everything else on stderr");

const program = new Command("demo")
  .description("Runs the practice estate and a console on it until it is stopped.")
  .addOption(data())
  .option("--check", "lose a database, recover it from the secondary repository alone, prove it, stop everything")
  .addOption(new Option("--scenario <name>", "what is lost in the check").choices(BREAKABLE).default("database"))
  .addOption(json())
  .action(demo)
  .exitOverride();
program
  .command("break")
  .description("lose a part of the running estate")
  .addArgument(new Argument("<part>", "what is lost").choices(BREAKABLE))
  .addOption(data())
  .addOption(json())
  .action((_part: string, _options: Options, command: Command) => breakPart(command.optsWithGlobals()));
program
  .command("stop")
  .description("stop the estate; its data stay")
  .addOption(data())
  .addOption(json())
  .action((_options: Options, command: Command) => stop(command.optsWithGlobals()));
program
  .command("estate")
  .description("run the servers alone, without a console, until it is stopped")
  .addOption(data())
  .addOption(json())
  .option("--memory", "the stores keep their objects in memory: they start faster, and are empty after a crash")
  .action((_options: Options, command: Command) => {
    const options: Options = command.optsWithGlobals();
    const teller = createTeller(options.json ? process.stderr : process.stdout);
    return holdEstate(directoryOf(options), teller, options.memory ? "memory" : "disk");
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
// Whatever still holds this process up is not waited for: what it started ends with it.
process.stdout.write("", () => process.exit());
