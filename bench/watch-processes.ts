import { readFileSync, readdirSync } from "node:fs";

/** What a process and everything below it used. */
export interface Usage {
  cpuSeconds: number;
  /** Most resident memory of all of them together, as sampled. */
  peakMemoryBytes: number;
}

const PERIOD_MS = 100;
/** Linux counts CPU time in ticks of a hundredth of a second. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;

interface Sample {
  parent: number;
  ticks: number;
  residentBytes: number;
}

/** Reads /proc/PID/stat; null when the process is gone. See proc(5): fields 4, 14 to 17 and 24. */
function readStat(pid: string): Sample | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const number = (index: number) => Number(fields[index - 3]);
    return {
      parent: number(4),
      ticks: number(14) + number(15) + number(16) + number(17),
      residentBytes: number(24) * PAGE_BYTES,
    };
  } catch {
    return null; // it ended between the listing and the reading
  }
}

/** The process and its descendants. A child that was waited for is counted in its parent's ticks. */
function readTree(root: number): Sample[] {
  const all = new Map<number, Sample>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const sample = readStat(name);
    if (sample) all.set(Number(name), sample);
  }
  const own = new Set([root]);
  for (let grew = true; grew;) {
    grew = false;
    for (const [pid, sample] of all) {
      if (!own.has(pid) && own.has(sample.parent)) {
        own.add(pid);
        grew = true;
      }
    }
  }
  return [...own].flatMap((pid) => all.get(pid) ?? []);
}

/** Watches a process tree until `stop`. */
export function watchProcesses(root: number): { stop: () => Usage } {
  const ticksOf = (tree: readonly Sample[]) => tree.reduce((sum, each) => sum + each.ticks, 0);
  const before = ticksOf(readTree(root));
  let peakMemoryBytes = 0;
  let ticks = before;
  const look = () => {
    const tree = readTree(root);
    // A child that ended and was not waited for yet is missing for a moment: the most that was seen counts.
    ticks = Math.max(ticks, ticksOf(tree));
    peakMemoryBytes = Math.max(
      peakMemoryBytes,
      tree.reduce((sum, each) => sum + each.residentBytes, 0),
    );
  };
  const timer = setInterval(look, PERIOD_MS);
  return {
    stop: () => {
      look();
      clearInterval(timer);
      return { cpuSeconds: (ticks - before) / TICKS_PER_SECOND, peakMemoryBytes };
    },
  };
}
