import { formatTarget } from "@/lib/kernel/format";
import { type Anchors, copyIn } from "./find-anchors";
import { type BackupFact, type CopyFact, GRACE_MS, type Kept, type Removal, type SystemFacts } from "./model";

export interface Sorted {
  removals: Removal[];
  kept: Kept[];
}

/** What is decided of one backup: it goes at an instant, or stays, and why. */
type Decision = { at: Date; reason: string } | { keep: string; isOld: boolean };

/**
 * Which backups of one repository go: those whose time has passed, that nothing protects, and of which everything that
 * was taken on them goes as well. Increments come before what they were taken on.
 */
export function planBackups(facts: SystemFacts, repositoryId: string, anchors: Anchors): Sorted {
  const decide = decider(facts, repositoryId, anchors);
  const sorted: Sorted = { removals: [], kept: [] };
  for (const backup of anchors.present) {
    const decision = decide(backup);
    const subject = {
      kind: "backup",
      repositoryId,
      subject: backup.id,
      sizeBytes: sizeIn(backup, repositoryId),
    } as const;
    const ofLogs = backup.type === "log" ? { isLogBackup: true } : {};
    if ("at" in decision) sorted.removals.push({ ...subject, ...decision, ...ofLogs });
    else if (decision.isOld) sorted.kept.push({ ...subject, reason: decision.keep });
  }
  const depth = depthsOf(facts.backups);
  sorted.removals.sort((one, other) => (depth.get(other.subject) ?? 0) - (depth.get(one.subject) ?? 0));
  return sorted;
}

function decider(facts: SystemFacts, repositoryId: string, { protectedBy }: Anchors): (backup: BackupFact) => Decision {
  const decided = new Map<string, Decision>();
  const children = childrenByParent(facts.backups);
  const decide = (backup: BackupFact): Decision => {
    const known = decided.get(backup.id);
    if (known) return known;
    // Parents that lead back to where they began are no chain that we understand.
    decided.set(backup.id, { keep: "its chain leads back to itself", isOld: true });
    const decision = decideAlone(facts, backup, { repositoryId, protectedBy });
    const whole = "at" in decision ? withChildren(backup, decision) : decision;
    decided.set(backup.id, whole);
    return whole;
  };
  const withChildren = (backup: BackupFact, own: { at: Date; reason: string }): Decision => {
    let { at } = own;
    for (const child of children.get(backup.id) ?? []) {
      if (!isThere(child, repositoryId)) continue;
      const its = child.state === "running" ? { keep: "it is being taken", isOld: true } : decide(child);
      if ("keep" in its) return { keep: `backup ${child.id} needs it`, isOld: true };
      if (its.at > at) at = its.at;
    }
    return { ...own, at };
  };
  return decide;
}

function decideAlone(
  facts: SystemFacts,
  backup: BackupFact,
  { repositoryId, protectedBy }: { repositoryId: string; protectedBy: ReadonlyMap<string, string> },
): Decision {
  const retain = retainOf(facts, backup.type);
  if (retain === undefined) return { keep: `no retain is declared for type ${backup.type}`, isOld: false };
  const passedAt = new Date((backup.endedAt ?? backup.startedAt).getTime() + retain * 1_000);
  if (passedAt > facts.now) return { keep: "its time has not passed", isOld: false };
  const protection = protectedBy.get(backup.id);
  if (protection !== undefined) return { keep: protection, isOld: true };
  if (backup.isRunOpen) return { keep: "its run still goes on", isOld: true };
  if (backup.type === "incremental" && backup.parentId === null)
    return { keep: "its parent is not known", isOld: true };
  const lockedUntil = copyIn(backup, repositoryId)?.lockedUntil ?? facts.now;
  const at = lockedUntil > facts.now ? lockedUntil : facts.now;
  return { at, reason: `older than ${formatTarget(retain)}, the retain of type ${backup.type}` };
}

function retainOf(facts: SystemFacts, type: string): number | undefined {
  return type === "full" || type === "incremental" || type === "log" ? facts.retain[type] : undefined;
}

function childrenByParent(backups: readonly BackupFact[]): Map<string, BackupFact[]> {
  const children = new Map<string, BackupFact[]>();
  for (const backup of backups) {
    if (backup.parentId === null) continue;
    children.set(backup.parentId, [...(children.get(backup.parentId) ?? []), backup]);
  }
  return children;
}

/** How many parents each backup has. */
function depthsOf(backups: readonly BackupFact[]): Map<string, number> {
  const parents = new Map(backups.map((backup) => [backup.id, backup.parentId]));
  const depths = new Map<string, number>();
  for (const { id } of backups) {
    let depth = 0;
    for (let parent = parents.get(id); parent && depth < backups.length; parent = parents.get(parent)) depth += 1;
    depths.set(id, depth);
  }
  return depths;
}

/** Bytes of it may lie there, or may yet: whoever needs its parent counts. */
function isThere(backup: BackupFact, repositoryId: string): boolean {
  const state = copyIn(backup, repositoryId)?.state;
  return state === "present" || state === "damaged" || state === "writing";
}

function sizeIn(backup: BackupFact, repositoryId: string): number {
  return copyIn(backup, repositoryId)?.sizeBytes ?? 0;
}

/**
 * What lies in one repository and belongs to no backup that exists: copies whose deletion was begun and did not end,
 * and what failed or expired backups left there.
 */
export function planLeftovers(facts: SystemFacts, repositoryId: string): Removal[] {
  return facts.backups.flatMap((backup) => {
    const copy = copyIn(backup, repositoryId);
    const reason = copy && leftoverReason(facts, backup, copy);
    if (!copy || !reason) return [];
    const at = copy.lockedUntil && copy.lockedUntil > facts.now ? copy.lockedUntil : facts.now;
    return [{ kind: "leftover", repositoryId, subject: backup.id, reason, at, sizeBytes: copy.sizeBytes }];
  });
}

function leftoverReason(facts: SystemFacts, backup: BackupFact, copy: CopyFact): string | null {
  if (backup.isRunOpen || backup.state === "running") return null;
  if (copy.state === "expiring") return "its deletion was begun and did not end";
  const isOver = backup.state === "failed" || backup.state === "expired";
  if (!isOver || (copy.state !== "missing" && copy.state !== "writing")) return null;
  const endedAt = backup.endedAt ?? backup.startedAt;
  if (endedAt.getTime() + GRACE_MS > facts.now.getTime()) return null;
  return `what a backup that ${backup.state} left behind`;
}
