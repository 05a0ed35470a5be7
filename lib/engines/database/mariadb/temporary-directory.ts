import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identifyProcess, isRunning } from "./server/scratch-mark";

const NAME = /^hf-(?<pid>\d+)-(?<startTicks>\d+)-/;

/** Makes a directory, 0700, for what lives as long as one call: a password for a program, a piece of log. Its name says whose it is. */
export async function makeTemporaryDirectory(): Promise<string> {
  const own = await identifyProcess(process.pid);
  return mkdtemp(join(tmpdir(), `hf-${process.pid}-${own?.startTicks ?? "0"}-`));
}

/** Removes those of processes that are gone: what a kill -9 left there. Returns how many. */
export async function sweepTemporaryDirectories(): Promise<number> {
  let count = 0;
  for (const name of await readdir(tmpdir())) {
    const { pid, startTicks } = NAME.exec(name)?.groups ?? {};
    if (!pid || !startTicks || (await isRunning({ pid: Number(pid), startTicks }))) continue;
    await rm(join(tmpdir(), name), { recursive: true, force: true });
    count += 1;
  }
  return count;
}
