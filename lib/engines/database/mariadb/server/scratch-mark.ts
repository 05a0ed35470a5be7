import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** A process that no other one with the same number can be taken for. */
const ProcessIdentity = z.object({ pid: z.number().int(), startTicks: z.string() });
const ScratchMark = z.object({ owner: ProcessIdentity, server: ProcessIdentity.nullable() });

export type ProcessIdentity = z.infer<typeof ProcessIdentity>;
/** Says whose a scratch directory is. */
export type ScratchMark = z.infer<typeof ScratchMark>;

const MARK_FILE = "scratch.json";

/** Reads when a process started; null when there is none. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (stat === null) return null;
  // The name in parentheses may hold spaces; state follows it, the start time is the 20th after that. A zombie runs no more.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? null : { pid, startTicks: fields[19] ?? "" };
}

export async function isRunning(process: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(process.pid))?.startTicks === process.startTicks;
}

/** Makes the directory if need be, and this process its owner. */
export async function writeMark(directory: string, server: ProcessIdentity | null): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const owner = await identifyProcess(process.pid);
  await writeFile(join(directory, MARK_FILE), JSON.stringify({ owner, server }), { mode: 0o600 });
}

/** A directory that was made the primary's is no scratch directory any more: nothing removes it. */
export async function removeMark(directory: string): Promise<void> {
  await rm(join(directory, MARK_FILE), { force: true });
}

/** Null where there is none that can be read. */
export async function readMark(directory: string): Promise<ScratchMark | null> {
  const text = await readFile(join(directory, MARK_FILE), "utf8").catch(() => null);
  if (text === null) return null;
  try {
    return ScratchMark.parse(JSON.parse(text));
  } catch {
    return null; // half written by a process that was killed: it says nothing
  }
}
