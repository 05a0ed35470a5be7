import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { childEnvironment } from "@/lib/kernel/env";
import type { Part } from "./part";
import {
  endProcess,
  isRunning,
  killProcess,
  markProcess,
  readPidFile,
  removePidFile,
  writePidFile,
} from "./process-mark";

export interface ProgramOptions {
  /** For messages: "shop". */
  name: string;
  /** A TypeScript file of ours, relative to the project. */
  script: string;
  /** Never a secret: the process list shows them. */
  args: readonly string[];
  /** Beside the common ones; here a secret may stand. */
  env?: Record<string, string>;
  pidFile: string;
  logFile: string;
  readyMs?: number;
  graceMs?: number;
  /** Whether it answers now. */
  isReady(): Promise<boolean> | boolean;
}

export const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** Arguments with which Node runs a TypeScript file of this project, without a process in between; in the project's directory. */
export function tsxArguments(script: string): string[] {
  return ["--import", "tsx", script];
}

/** The kernel itself ends the program when its parent is gone: no watchdog that could die as well. */
const PARENT_WATCH = "setpriv";
const READY_MS = 30_000;
const GRACE_MS = 5_000;

/** The end of a log, for an error. */
function tailOfLog(file: string): string {
  return readFileSync(file, "utf8").trim().split("\n").slice(-5).join(" / ").slice(-600);
}

/** A program of ours as a process of its own, in a session of its own: an interrupt of the terminal reaches only the
 *  estate, which then ends everything in order. The kernel ends it when the estate's process dies. */
export function createProgram(options: ProgramOptions): Omit<Part, "name"> {
  const { readyMs = READY_MS, graceMs = GRACE_MS } = options;
  const running = () => readPidFile(options.pidFile);
  const end = async (how: typeof endProcess | typeof killProcess) => {
    const mark = running();
    if (mark) await how(mark, graceMs);
    removePidFile(options.pidFile);
  };

  const launch = () => {
    const log = openSync(options.logFile, "a", 0o600);
    try {
      const child = spawn(
        PARENT_WATCH,
        ["--pdeathsig=TERM", "--", process.execPath, ...tsxArguments(options.script), ...options.args],
        {
          cwd: PROJECT,
          detached: true,
          stdio: ["ignore", log, log],
          env: childEnvironment(options.env),
        },
      );
      const mark = child.pid === undefined ? null : markProcess(child.pid);
      if (mark) writePidFile(options.pidFile, mark);
      child.unref();
      return { mark, failed: new Promise<never>((_resolve, reject) => child.once("error", reject)) };
    } finally {
      closeSync(log);
    }
  };

  return {
    isAlive: () => running() !== null,
    stop: () => end(endProcess),
    kill: () => end(killProcess),
    start: async () => {
      await end(endProcess);
      const { mark, failed } = launch();
      const ready = async () => {
        const until = performance.now() + readyMs;
        while (!(await options.isReady())) {
          if (!mark || !isRunning(mark))
            throw new Error(`the ${options.name} ended at its start: ${tailOfLog(options.logFile)}`);
          if (performance.now() > until)
            throw new Error(
              `the ${options.name} did not answer within ${readyMs / 1_000} s: ${tailOfLog(options.logFile)}`,
            );
          await wait(50);
        }
      };
      await Promise.race([ready(), failed]);
    },
  };
}
