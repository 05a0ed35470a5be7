import { readFileSync, readdirSync } from "node:fs";
import { basename } from "node:path";

/** Programs whose environment is looked at too: they are given nothing of the console's. */
const PROGRAMS = new Set(["mariadb-dump", "mariadb-binlog", "mariadb", "mariadbd", "zstd", "age"]);
const PERIOD_MS = 40;

/** What the process list has shown. */
export interface Watched {
  /** Programs that were seen at work. */
  programs: Set<string>;
  /** Command lines, and environments of those programs, in which one of the texts stood. */
  leaks: Set<string>;
  stop(): void;
}

/** Looks at every process of the machine again and again, as any user of it can, for texts that must not be there. */
export function watchCommands(texts: readonly string[]): Watched {
  const programs = new Set<string>();
  const leaks = new Set<string>();
  const look = () => {
    for (const pid of readdirSync("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const command = readOf(pid, "cmdline");
      const program = basename(command.split("\0")[0] ?? "");
      const shown = PROGRAMS.has(program) ? command + readOf(pid, "environ") : command;
      if (PROGRAMS.has(program)) programs.add(program);
      if (texts.some((text) => shown.includes(text))) leaks.add(`${program} ${pid}`);
    }
  };
  const timer = setInterval(look, PERIOD_MS);
  return { programs, leaks, stop: () => clearInterval(timer) };
}

function readOf(pid: string, file: "cmdline" | "environ"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // it ended between the listing and the reading
  }
}
