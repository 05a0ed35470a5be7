import type { Command } from "commander";
import { partEnvironment, readEnvironment, readVariable } from "@/lib/kernel/env";
import { startRunner } from "../runner";
import { keepProcess } from "../supervisor/keep-process";
import { requireDatabaseUrl, runUp } from "../supervisor/run-up";
import { webArguments } from "../supervisor/web-arguments";
import { readSessionSecret } from "../supervisor/session-secret";
import { untilAsked } from "../until-asked";
import { createLogger } from "@/lib/kernel/log";
import { printError } from "./answer";

const collect = (value: string, known: string[]): string[] => [...known, value];

export function addServiceCommands(program: Command): void {
  program
    .command("up")
    .description("start everything on this machine: database, runner and pages")
    .option("--no-web", "without the pages")
    .option("--site <site>", "where the runner works", "primary")
    .action((options: { web: boolean; site: string }) => guard(() => runUp(options)));
  program
    .command("runner")
    .description("do jobs: of a site, and of the labels that this machine carries")
    .option("--site <site>", "", "primary")
    .option("--label <label>", "may be given several times", collect, [])
    .action((options: { site: string; label: string[] }) =>
      guard(async () => {
        const asked = untilAsked();
        const { home, logLevel } = readEnvironment();
        const runner = await startRunner({
          databaseUrl: requireDatabaseUrl(),
          home,
          logLevel,
          site: options.site,
          labels: options.label,
        });
        await asked;
        await runner.stop();
      }),
    );
  program
    .command("web")
    .description("serve the pages, on loopback")
    .action(() =>
      guard(async () => {
        const { home, logLevel, port, sessionSecret } = readEnvironment();
        const stopping = new AbortController();
        void untilAsked().then(() => stopping.abort());
        await keepProcess({
          name: "web",
          args: webArguments(port),
          env: partEnvironment({
            DATABASE_URL: requireDatabaseUrl(),
            NEXTAUTH_SECRET: sessionSecret ?? (await readSessionSecret(home)),
            NEXTAUTH_URL: readVariable("NEXTAUTH_URL") ?? `http://127.0.0.1:${port}`,
            NODE_ENV: "production",
          }),
          log: createLogger(logLevel),
          signal: stopping.signal,
        });
      }),
    );
}

async function guard(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    printError(error, false);
  }
}
