import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { childEnvironment } from "@/lib/kernel/env";
import type { PartName } from "./down";
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

export interface ProgramPartOptions {
  name: PartName;
  /** A TypeScript file of ours, relative to the project. */
  script: string;
  /** Never a secret: the process list shows them. */
  args: readonly string[];
  pidFile: string;
  logFile: string;
  /** Whether it answers now. */
  isReady(): Promise<boolean> | boolean;
}

const PROJECT = new URL("../../", import.meta.url).pathname;
const READY_MS = 30_000;
const GRACE_MS = 5_000;

/** The end of a log, for an error. */
export function tailOfLog(file: string): string {
  return readFileSync(file, "utf8").trim().split("\n").slice(-5).join(" / ").slice(-600);
}

/** A program of ours as a process of its own, in a session of its own: an interrupt of the terminal reaches only the
 *  estate, which then ends everything in order. The kernel ends it when the estate's process dies. */
export function createProgramPart(options: ProgramPartOptions): Part {
  const running = () => readPidFile(options.pidFile);
  const end = async (how: typeof endProcess | typeof killProcess) => {
    const mark = running();
    if (mark) await how(mark, GRACE_MS);
    removePidFile(options.pidFile);
  };

  const launch = () => {
    const log = openSync(options.logFile, "a", 0o600);
    try {
      const child = spawn(
        "setpriv",
        ["--pdeathsig=TERM", "--", process.execPath, "--import", "tsx", options.script, ...options.args],
        {
          cwd: PROJECT,
          detached: true,
          stdio: ["ignore", log, log],
          env: childEnvironment(),
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
    name: options.name,
    isAlive: () => running() !== null,
    stop: () => end(endProcess),
    kill: () => end(killProcess),
    start: async () => {
      await end(endProcess);
      const { mark, failed } = launch();
      const ready = async () => {
        const until = performance.now() + READY_MS;
        while (!(await options.isReady())) {
          if (!mark || !isRunning(mark))
            throw new Error(`the ${options.name} ended at its start: ${tailOfLog(options.logFile)}`);
          if (performance.now() > until)
            throw new Error(
              `the ${options.name} did not answer within ${READY_MS / 1_000} s: ${tailOfLog(options.logFile)}`,
            );
          await wait(50);
        }
      };
      await Promise.race([ready(), failed]);
    },
  };
}
