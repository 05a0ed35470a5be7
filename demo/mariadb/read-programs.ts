import { readFile, readdir } from "node:fs/promises";

export interface ReadProgram {
  pid: number;
  parent: number;
  /** Command line and environment, as every user of the machine could see them: parts end with a zero byte. */
  text: string;
}

const read = (path: string): Promise<string> => readFile(path, "utf8").catch(() => ""); // it ended meanwhile

async function readProgram(pid: number): Promise<ReadProgram> {
  const [status, command, environment] = await Promise.all(
    ["status", "cmdline", "environ"].map((name) => read(`/proc/${pid}/${name}`)),
  );
  const parent = /^PPid:\t(\d+)$/m.exec(status ?? "")?.[1];
  return { pid, parent: Number(parent ?? -1), text: `${command ?? ""}\n${environment ?? ""}` };
}

/** All programs that run on this machine now. */
export async function readPrograms(): Promise<ReadProgram[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  return Promise.all(pids.map(readProgram));
}

/** Those of one name that this process started. Others of the same name may run beside it. */
export async function readOwnPrograms(name: string): Promise<ReadProgram[]> {
  const programs = await readPrograms();
  return programs.filter(({ parent, text }) => parent === process.pid && text.startsWith(`${name}\0`));
}
