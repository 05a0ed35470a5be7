import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** A process that we started. The start time (clock ticks since boot) tells it from a later one with the same number. */
export interface ProcessMark {
  pid: number;
  startTicks: string;
}

const POLL_MS = 50;

/** Start time of a living process; null when it is gone or only waits to be reaped. */
function readStartTicks(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null; // no such process: the answer is the null
  }
  // The name in parentheses may hold anything: the fields begin after the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTicks] = [fields[0], fields[19]];
  return state === "Z" || state === "X" || startTicks === undefined ? null : startTicks;
}

/** Marks a living process, or null when it is already gone. */
export function markProcess(pid: number): ProcessMark | null {
  const startTicks = readStartTicks(pid);
  return startTicks === null ? null : { pid, startTicks };
}

export function isRunning(mark: ProcessMark): boolean {
  return readStartTicks(mark.pid) === mark.startTicks;
}

/** Writes `PID STARTTIME`, whole or not at all. */
export function writePidFile(file: string, mark: ProcessMark): void {
  writeFileSync(`${file}.new`, `${mark.pid} ${mark.startTicks}\n`);
  renameSync(`${file}.new`, file);
}

/** The process that a pid file names if it still runs, else null. */
export function readPidFile(file: string): ProcessMark | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return null; // never started, or stopped in order
  }
  const match = /^(\d+) (\d+)\s*$/.exec(text);
  if (!match?.[1] || !match[2]) return null;
  const mark = { pid: Number(match[1]), startTicks: match[2] };
  return isRunning(mark) ? mark : null;
}

export function removePidFile(file: string): void {
  rmSync(file, { force: true });
}

function send(mark: ProcessMark, signal: NodeJS.Signals): void {
  if (!isRunning(mark)) return;
  try {
    process.kill(mark.pid, signal);
  } catch (error) {
    if (isRunning(mark)) throw error;
  }
}

/** Waits until a process is gone. Returns false when it still runs after `timeoutMs`. */
async function waitUntilGone(mark: ProcessMark, timeoutMs: number): Promise<boolean> {
  const until = performance.now() + timeoutMs;
  while (isRunning(mark)) {
    if (performance.now() > until) return false;
    await wait(POLL_MS);
  }
  return true;
}

/** SIGTERM, and SIGKILL after `graceMs`. Resolves when the process is gone. @throws Error when even that did not end it */
export async function endProcess(mark: ProcessMark, graceMs: number): Promise<void> {
  send(mark, "SIGTERM");
  if (!(await waitUntilGone(mark, graceMs))) await killProcess(mark);
}

/** SIGKILL. Resolves when the process is gone. @throws Error when it did not end */
export async function killProcess(mark: ProcessMark): Promise<void> {
  send(mark, "SIGKILL");
  if (!(await waitUntilGone(mark, 10_000))) throw new Error(`process ${mark.pid} did not end after SIGKILL`);
}
