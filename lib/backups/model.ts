/* Pure rules about what a repository's backups can bring back. */

/** A backup that a recovery can begin with: a full, or an increment of which everything that it continues is there. */
export interface LinkFact {
  backupId: string;
  startedAt: Date;
  /** Its snapshot was taken between the two. */
  endedAt: Date;
  serverId: string | null;
  incarnation: string | null;
  /** Where a database's log goes on from it; null: its log does not lead to any second. */
  position: { file: string; offset: number } | null;
}

export interface LogFact {
  serverId: string;
  incarnation: string;
  file: string;
  nextFile: string | null;
  startOffset: number;
  endOffset: number;
  firstAt: Date | null;
  heartbeatAt: Date | null;
}

export interface Reach {
  backupId: string;
  /** The first time that surely is not before its snapshot: its end, where the log reaches that far … */
  from: Date;
  /** … to the newest heartbeat of the log that follows it without a hole, or its own start. */
  to: Date;
}

/**
 * How far one backup and the log that follows it in one repository reach. Bytes count, not times: each file must be
 * covered from its first byte, and end where the next one begins.
 */
export function reachOf(link: LinkFact, log: readonly LogFact[]): Reach {
  const at = (to: Date): Reach => ({ backupId: link.backupId, from: link.endedAt < to ? link.endedAt : to, to });
  if (!link.position) return at(link.startedAt);
  const own = log.filter((row) => row.serverId === link.serverId && row.incarnation === link.incarnation);
  let to = link.startedAt;
  let file: string | null = link.position.file;
  let needed = link.position.offset;
  while (file !== null) {
    const name: string = file;
    const row = own.find((each) => each.file === name && each.startOffset === 0);
    if (!row || row.endOffset < needed) break;
    if (row.heartbeatAt && row.heartbeatAt > to) to = row.heartbeatAt;
    file = row.nextFile;
    needed = 0;
  }
  return at(to);
}

/** A backup of the logs among files, in a repository that holds it. */
export interface LogBackupFact {
  id: string;
  startedAt: Date;
  endedAt: Date;
  /** What it goes on from; null: the first byte of each log. */
  after: { id: string; endedAt: Date } | null;
}

/**
 * The newest of a repository's log backups that bring a tree forward without a hole: from one that goes on from before
 * the tree was packed, each from the one before it. The same rule by which a restore chooses them.
 * @param logs newest first
 */
export function newestLogOn(tree: { startedAt: Date }, logs: readonly LogBackupFact[]): LogBackupFact | null {
  const later = new Map(logs.filter(({ endedAt }) => endedAt > tree.startedAt).map((log) => [log.id, log]));
  for (const newest of later.values()) {
    let first: LogBackupFact | undefined = newest;
    for (let steps = 0; first?.after && first.after.endedAt > tree.startedAt && steps < later.size; steps += 1) {
      first = later.get(first.after.id);
    }
    if (first && (first.after === null || first.after.endedAt <= tree.startedAt)) return newest;
  }
  return null;
}

/** The one that comes nearest to now; null without any. */
export function bestReach<One extends Reach>(reaches: readonly One[]): One | null {
  return reaches.reduce<One | null>((best, reach) => (best === null || reach.to > best.to ? reach : best), null);
}

/** Continuous stretches of time of all reaches, oldest first, merged where they touch: what the recovery line draws. */
export function mergeReaches(reaches: readonly Reach[]): { from: Date; to: Date }[] {
  const merged: { from: Date; to: Date }[] = [];
  for (const { from, to } of [...reaches].sort((a, b) => a.from.getTime() - b.from.getTime())) {
    const last = merged.at(-1);
    if (last && from <= last.to) last.to = to > last.to ? to : last.to;
    else merged.push({ from, to });
  }
  return merged;
}

export interface CutSkew {
  skewSeconds: number | null;
  spanSeconds: number | null;
}

/** How far the backups of a cut are apart: between their snapshots, and from the first one to the last one's end. */
export function skewOf(members: readonly { snapshotAt: string | null; endedAt: string | null }[]): CutSkew {
  const snapshots = members.flatMap(({ snapshotAt }) => (snapshotAt ? [Date.parse(snapshotAt)] : []));
  const ends = members.flatMap(({ endedAt }) => (endedAt ? [Date.parse(endedAt)] : []));
  const isKnown = snapshots.length === members.length && members.length > 0;
  const first = Math.min(...snapshots);
  return {
    skewSeconds: isKnown ? (Math.max(...snapshots) - first) / 1_000 : null,
    spanSeconds: isKnown && ends.length === members.length ? (Math.max(...ends) - first) / 1_000 : null,
  };
}
