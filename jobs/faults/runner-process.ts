import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, readdirSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { PROJECT, tsxArguments } from "@/demo/parts/program-part";
import { type ProcessMark, endProcess, isRunning, killProcess, markProcess } from "@/demo/parts/process-mark";

/** A process below a runner, with what the process list shows of it. */
export interface Child extends ProcessMark {
  command: string;
}

/** `holdfast runner` as a process of its own, so that its death is a real one. */
export interface RunnerProcess {
  pid: number;
  /** Everything that it wrote to stderr so far. */
  log(): string;
  /** kill -9, with everything that runs below it at that moment told. */
  kill(): Promise<Child[]>;
  /** Stops it where it stands; `thaw` lets it go on. */
  freeze(): void;
  thaw(): void;
  /** The end that an operator asks for. */
  stop(): Promise<void>;
}

const READY_MS = 60_000;
const GRACE_MS = 60_000;
const POLL_MS = 50;

/** Starts a runner and waits until it works. The kernel ends it when this process dies. @throws Error with the end of its log */
export async function startRunnerProcess(options: { env: NodeJS.ProcessEnv; logFile: string }): Promise<RunnerProcess> {
  const file = openSync(options.logFile, "a", 0o600);
  const child = spawn(
    "setpriv",
    ["--pdeathsig=KILL", "--", process.execPath, ...tsxArguments("jobs/cli.ts"), "runner"],
    { cwd: PROJECT, env: options.env, stdio: ["ignore", file, file] },
  );
  closeSync(file);
  const mark = child.pid === undefined ? null : markProcess(child.pid);
  if (!mark) throw new Error("the runner did not start");
  const log = () => readFileSync(options.logFile, "utf8");
  const until = performance.now() + READY_MS;
  while (!log().includes('"msg":"the runner works"')) {
    const isLate = performance.now() > until;
    if (isLate || !isRunning(mark)) throw new Error(`the runner did not come up: ${log().slice(-2_000)}`);
    await wait(POLL_MS);
  }
  return {
    pid: mark.pid,
    log,
    kill: async () => {
      process.kill(mark.pid, "SIGSTOP"); // it starts nothing more between the look and the end
      const children = childrenOf(mark.pid);
      await killProcess(mark);
      return children;
    },
    freeze: () => void process.kill(mark.pid, "SIGSTOP"),
    thaw: () => void process.kill(mark.pid, "SIGCONT"),
    stop: async () => {
      if (!isRunning(mark)) return;
      process.kill(mark.pid, "SIGCONT");
      await endProcess(mark, GRACE_MS);
    },
  };
}

/** Those of the processes that still run. */
export function stillRunning(children: readonly Child[]): Child[] {
  return children.filter(isRunning);
}

/** Everything that runs below a process. */
export function childrenOf(root: number): Child[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const parent = /^\d+$/.test(name) ? parentOf(name) : null;
    if (parent !== null) parents.set(Number(name), parent);
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (parent === root || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow).flatMap((pid) => {
    const mark = markProcess(pid);
    return mark ? [{ ...mark, command: commandOf(pid) }] : [];
  });
}

/** The command line as every user of the machine sees it; empty when the process is gone. */
export function commandOf(pid: number | string): string {
  return readProcessFile(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
}

function parentOf(pid: string): number | null {
  const stat = readProcessFile(`/proc/${pid}/stat`);
  const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
  return parent ? Number(parent) : null;
}

function readProcessFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it ended between the listing and the reading
  }
}
