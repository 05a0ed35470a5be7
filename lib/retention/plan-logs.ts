import { formatTarget } from "@/lib/kernel/format";
import { type Anchors, findLogFulls } from "./find-anchors";
import { type LogFact, GRACE_MS, type SystemFacts, logOrder, logSubject } from "./model";
import type { Sorted } from "./plan-backups";

/** One series of log files of one server. */
interface Lineage {
  serverId: string;
  incarnation: string;
  /** Oldest first. */
  files: LogFact[];
}

/**
 * Which log files of one repository go: those that no full that stays needs, and whose time has passed. Always from the
 * oldest on: behind what stays there is never a hole.
 * @param gone ids of backups that the plan takes now
 */
export function planLogs(
  facts: SystemFacts,
  repositoryId: string,
  using: { anchors: Anchors; gone: ReadonlySet<string> },
): Sorted {
  const fulls = findLogFulls(using.anchors, using.gone);
  const sorted: Sorted = { removals: [], kept: [] };
  for (const lineage of lineagesOf(facts.logs.filter((log) => log.repositoryId === repositoryId))) {
    const { removals, kept } = planLineage(facts, lineage, needOf(facts, lineage, fulls));
    sorted.removals.push(...removals);
    sorted.kept.push(...kept);
  }
  return sorted;
}

function planLineage(facts: SystemFacts, lineage: Lineage, need: Need): Sorted {
  const sorted: Sorted = { removals: [], kept: [] };
  const ageReason = `older than ${formatTarget(facts.retain.log ?? 0)}, the retain of type log`;
  let at = facts.now;
  let hasStopped = false;
  for (const log of lineage.files) {
    const { repositoryId, sizeBytes } = log;
    const subject = { kind: "log", repositoryId, subject: logSubject(log), sizeBytes } as const;
    const keep = log.isExpiring ? null : keepReason(facts, log, need);
    hasStopped ||= keep !== null;
    if (log.lockedUntil && log.lockedUntil > at) at = log.lockedUntil;
    if (!hasStopped) {
      const reason = log.isExpiring ? "its deletion was begun and did not end" : ageReason;
      sorted.removals.push({ ...subject, at, reason });
    } else if (isOld(facts, log)) {
      sorted.kept.push({ ...subject, reason: keep ?? "an older file of its series stays" });
    }
  }
  return sorted;
}

function lineagesOf(logs: readonly LogFact[]): Lineage[] {
  const lineages = new Map<string, Lineage>();
  for (const log of logs) {
    const { serverId, incarnation } = log;
    const key = `${serverId}/${incarnation}`;
    const lineage = lineages.get(key) ?? { serverId, incarnation, files: [] };
    lineage.files.push(log);
    lineages.set(key, lineage);
  }
  for (const lineage of lineages.values()) lineage.files.sort((a, b) => logOrder(a.file) - logOrder(b.file));
  return [...lineages.values()];
}

/** From which file on it is needed, or why all of it stays. */
type Need = { all: string } | { from: number };

function needOf(facts: SystemFacts, lineage: Lineage, fulls: SystemFacts["backups"]): Need {
  if (facts.retain.log === undefined) return { all: "no retain is declared for type log" };
  if (fulls.length === 0) return { all: "no full is here to which it could belong" };
  if (lineage.files.some((log) => Number.isNaN(logOrder(log.file)))) return { all: "its files' order is not known" };
  if (fulls.some((full) => !full.position || full.serverId === null || full.incarnation === null)) {
    return { all: "a full that stays does not tell its position in the log" };
  }
  const own = fulls.filter((full) => full.serverId === lineage.serverId && full.incarnation === lineage.incarnation);
  if (own.length === 0 && (facts.currentLog === null || isCurrent(facts, lineage))) {
    return { all: "the next full will need it" };
  }
  const orders = own.map((full) => logOrder(full.position?.file ?? ""));
  if (orders.some(Number.isNaN)) return { all: "a full that stays does not tell its position in the log" };
  return { from: Math.min(...orders) };
}

function isCurrent({ currentLog }: SystemFacts, log: { serverId: string; incarnation: string }): boolean {
  return currentLog?.serverId === log.serverId && currentLog.incarnation === log.incarnation;
}

/** Why one file stays by itself; null when it may go. */
function keepReason(facts: SystemFacts, log: LogFact, need: Need): string | null {
  if ("all" in need) return need.all;
  if (logOrder(log.file) >= need.from) return "a full that stays needs it";
  if (!isOld(facts, log)) return "its time has not passed";
  if (!log.isClosed && (facts.currentLog === null || isCurrent(facts, log))) return "it is still written";
  const isYoung = log.settledAt.getTime() + GRACE_MS > facts.now.getTime();
  return !log.isCompacted && isYoung ? "it is not compacted yet" : null;
}

function isOld(facts: SystemFacts, log: LogFact): boolean {
  return log.settledAt.getTime() + (facts.retain.log ?? 0) * 1_000 <= facts.now.getTime();
}
