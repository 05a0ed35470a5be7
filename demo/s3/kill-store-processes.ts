import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** The gateway first: nothing may be acknowledged by a store that is half gone. */
const PROCESSES = ["rgw", "osd", "mon"] as const;

/** Sends kill -9 to the processes that start-s3 started in this directory, and waits until they are gone. */
export async function killStoreProcesses(directory: string): Promise<void> {
  const home = await realpath(directory);
  const running: { pid: number; startedAt: string }[] = [];
  for (const name of PROCESSES) {
    const mark = await readIfThere(join(home, "run", `${name}.pid`));
    const [pid, startedAt] = mark.trim().split(" ");
    if (!pid || !startedAt) continue;
    const found = { pid: Number(pid), startedAt };
    if (!(await isOurs(found, home))) continue;
    process.kill(found.pid, "SIGKILL");
    running.push(found);
  }
  for (const one of running) {
    while (await isOurs(one, home)) await delay(10);
  }
}

/** A number alone may have been given to another program since: the start time and the configuration must agree. */
async function isOurs(mark: { pid: number; startedAt: string }, home: string): Promise<boolean> {
  const stat = await readIfThere(`/proc/${mark.pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(") ") + 2).split(" ");
  if (fields[0] === "Z" || fields[19] !== mark.startedAt) return false;
  const command = await readIfThere(`/proc/${mark.pid}/cmdline`);
  return command.split("\0").includes(join(home, "ceph.conf"));
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return ""; // the process or its mark is gone: that is the answer
    throw error;
  }
}
