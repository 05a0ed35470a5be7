/* Pure rules about what a repository's backups can bring back. */

export interface FullFact {
  backupId: string;
  startedAt: Date;
  /** Its snapshot was taken between the two. */
  endedAt: Date;
  serverId: string | null;
  incarnation: string | null;
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
  /** The first time that surely is not before the full's snapshot: its end, where the log reaches that far … */
  from: Date;
  /** … to the newest heartbeat of the log that follows it without a hole, or the full's start. */
  to: Date;
}

/**
 * How far one full and the log that follows it in one repository reach. Bytes count, not times: each file must be
 * covered from its first byte, and end where the next one begins.
 */
export function reachOf(full: FullFact, log: readonly LogFact[]): Reach {
  const at = (to: Date): Reach => ({ backupId: full.backupId, from: full.endedAt < to ? full.endedAt : to, to });
  if (!full.position) return at(full.startedAt);
  const own = log.filter((row) => row.serverId === full.serverId && row.incarnation === full.incarnation);
  let to = full.startedAt;
  let file: string | null = full.position.file;
  let needed = full.position.offset;
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

/** The reach of the full that comes nearest to now; null without a full. */
export function bestReach(fulls: readonly FullFact[], log: readonly LogFact[]): Reach | null {
  return fulls
    .map((full) => reachOf(full, log))
    .reduce<Reach | null>((best, reach) => (best === null || reach.to > best.to ? reach : best), null);
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
