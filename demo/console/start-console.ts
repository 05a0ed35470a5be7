import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { childEnvironment } from "@/lib/kernel/env";
import type { Estate } from "../estate";
import { createProgram } from "../parts/program-part";
import { SystemsAnswer } from "./answers";
import { CommandError, runHoldfast } from "./run-holdfast";

export interface ConsoleOptions {
  port: number;
  /** Whether the pages are served; a check needs none. */
  pages: boolean;
}

export interface RunningConsole {
  url: string;
  /** `holdfast ARGS --json` against this console. @throws CommandError */
  run<T>(args: readonly string[], answer: z.ZodType<T>): Promise<T>;
  isAlive(): boolean;
  /** Ends it in order, runner and database included. */
  stop(): Promise<void>;
}

/** The first start makes a database and serves pages for the first time. */
const READY_MS = 300_000;
/** A run that is under way is handed back before the runner ends. */
const GRACE_MS = 60_000;

async function answersOverHttp(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/api/ready`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false; // not yet: the caller asks again until its own time limit
  }
}

/** Starts `holdfast up` for an estate, with its keys and secrets in the environment, and waits until it is ready.
 *  @throws Error with the end of its log when it does not come up */
export async function startConsole(estate: Estate, options: ConsoleOptions): Promise<RunningConsole> {
  const { home } = estate.layout;
  const url = `http://127.0.0.1:${options.port}`;
  mkdirSync(home, { recursive: true, mode: 0o755 });
  const env = {
    HOLDFAST_HOME: home,
    HOLDFAST_PORT: String(options.port),
    HOLDFAST_LOG_LEVEL: "info",
    NEXT_TELEMETRY_DISABLED: "1",
    NODE_ENV: "production",
    ...estate.variables,
  };
  const run: RunningConsole["run"] = (args, answer) => runHoldfast(childEnvironment(env), args, answer);
  const answersByCommand = async () => {
    try {
      await run(["systems"], SystemsAnswer);
      return true;
    } catch (error) {
      if (error instanceof CommandError) return false;
      throw error;
    }
  };
  const program = createProgram({
    name: "console",
    script: "jobs/cli.ts",
    args: options.pages ? ["up"] : ["up", "--no-web"],
    env,
    pidFile: join(home, "console.pid"),
    logFile: join(home, "console.log"),
    isReady: () => (options.pages ? answersOverHttp(url) : answersByCommand()),
    readyMs: READY_MS,
    graceMs: GRACE_MS,
  });
  try {
    await program.start();
  } catch (error) {
    await program.stop();
    throw error;
  }
  return { url, run, isAlive: program.isAlive, stop: program.stop };
}
