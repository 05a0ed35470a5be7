/* The words and small rules of retention: no I/O, no clock of its own. */
import type { BackupType, CopyState } from "@/lib/backups/schemas";
import type { FreezeCause } from "./schemas";

export interface CopyFact {
  repositoryId: string;
  state: CopyState;
  sizeBytes: number;
  /** As the store told it, or as the declared lock makes it; null: not locked. */
  lockedUntil: Date | null;
  /** When a restore from this very copy last passed; null when it never did, or a later look found it bad. */
  provenAt: Date | null;
}

export interface BackupFact {
  id: string;
  type: string;
  method: string;
  parentId: string | null;
  state: string;
  startedAt: Date;
  endedAt: Date | null;
  sizeBytes: number | null;
  /** The run that takes it still goes on. */
  isRunOpen: boolean;
  serverId: string | null;
  incarnation: string | null;
  position: { file: string } | null;
  copies: CopyFact[];
}

/** One log file in one repository. */
export interface LogFact {
  repositoryId: string;
  serverId: string;
  incarnation: string;
  file: string;
  isClosed: boolean;
  isCompacted: boolean;
  /** Newest instant that it can hold: when it was closed, or last grew. */
  settledAt: Date;
  sizeBytes: number;
  lockedUntil: Date | null;
  /** Its deletion was begun. */
  isExpiring: boolean;
}

/** What froze a system's retention, and no operator has lifted. */
export interface Freeze {
  /** `proof:<verification>`, `gap:<gap>` or `size:<backup>`. */
  cause: string;
  kind: FreezeCause;
  at: Date;
  message: string;
}

export interface SystemFacts {
  now: Date;
  system: string;
  repositories: readonly { id: string; name: string }[];
  /** Seconds by type; a type without one is kept. */
  retain: Partial<Record<BackupType, number>>;
  keepProven: number;
  backups: readonly BackupFact[];
  logs: readonly LogFact[];
  freezes: readonly Freeze[];
  /** The series of log files that is collected now. */
  currentLog: { serverId: string; incarnation: string } | null;
}

export type SubjectKind = "backup" | "leftover" | "log";

/** What goes: one copy of a backup, what a failed one left behind, or one log file; always in one repository. */
export interface Removal {
  kind: SubjectKind;
  repositoryId: string;
  /** A backup's id, or `<server id>/<incarnation>/<file>`. */
  subject: string;
  reason: string;
  /** Not before: now, or when the last lock ends that holds it or what goes before it. */
  at: Date;
  sizeBytes: number;
  /** A backup of logs: one every quarter of an hour, counted as logs are. */
  isLogBackup?: boolean;
}

/** What stays although its time has passed. */
export interface Kept {
  kind: SubjectKind;
  repositoryId: string;
  subject: string;
  reason: string;
  sizeBytes: number;
}

export interface Plan {
  /** In the order in which they are carried out. */
  removals: Removal[];
  kept: Kept[];
  freezes: readonly Freeze[];
  repositories: { id: string; name: string; backups: number; provenFulls: number }[];
}

/** What may be deleted at an instant: nothing of a frozen system, nothing that a lock holds. */
export function dueRemovals(plan: Plan, now: Date): Removal[] {
  return plan.freezes.length > 0 ? [] : plan.removals.filter((removal) => removal.at <= now);
}

export function removalKey(removal: { kind: SubjectKind; repositoryId: string; subject: string }): string {
  return `${removal.kind}:${removal.repositoryId}:${removal.subject}`;
}

export function logSubject(log: { serverId: string; incarnation: string; file: string }): string {
  return `${log.serverId}/${log.incarnation}/${log.file}`;
}

/** Leftovers of a failed backup, and logs that are not compacted yet, are left alone for so long. */
export const GRACE_MS = 24 * 3_600_000;

/** The number that orders a server's log files; NaN for a name that has none. */
export function logOrder(file: string): number {
  return Number(/\.(\d+)$/.exec(file)?.[1] ?? Number.NaN);
}

/** Clocks that differ by more than this are not trusted with a deletion. */
const CLOCK_SKEW_MS = 300_000;

/** Why the time cannot be trusted now; null when it can. Everything that retention does follows from it. */
export function findClockTrouble(clocks: {
  now: Date;
  database: Date;
  store?: Date | undefined;
  newestBackupAt: Date | null;
}): string | null {
  const { now, database, store, newestBackupAt } = clocks;
  if (newestBackupAt && newestBackupAt.getTime() > now.getTime() + CLOCK_SKEW_MS) {
    return `the newest backup is from ${newestBackupAt.toISOString()}, which lies in the future`;
  }
  const isFar = (other: Date) => Math.abs(other.getTime() - now.getTime()) > CLOCK_SKEW_MS;
  if (isFar(database)) return `it is ${now.toISOString()} here and ${database.toISOString()} in the console's database`;
  if (store && isFar(store)) return `it is ${now.toISOString()} here and ${store.toISOString()} in the repository`;
  return null;
}

/** More than this in one apply is a mistake until a person says that it is not. */
export const CAP = { copies: 50, logs: 2_000, share: 0.25, alwaysAllowed: 3 } as const;

/** Why a plan takes too much at once; null when it does not. */
export function findCapTrouble(plan: Plan, due: readonly Removal[]): string | null {
  const copies = due.filter((removal) => removal.kind !== "log" && !removal.isLogBackup).length;
  if (copies > CAP.copies) return `${copies} copies are more than the ${CAP.copies} of one apply`;
  if (due.length - copies > CAP.logs) return `${due.length - copies} logs are more than the ${CAP.logs} of one apply`;
  for (const { id, name, backups } of plan.repositories) {
    const count = due.filter(
      (removal) => removal.kind === "backup" && !removal.isLogBackup && removal.repositoryId === id,
    ).length;
    if (count > CAP.alwaysAllowed && count > backups * CAP.share) {
      return `${count} of the ${backups} backups in repository "${name}" are more than a quarter`;
    }
  }
  return null;
}

/** What a person types to go beyond the cap. */
export function capPhrase(due: readonly Removal[]): string {
  return `delete ${due.length}`;
}

const BAND = { low: 0.6, high: 2.5, history: 7, historyMin: 3 } as const;

/** Fulls whose size leaves the band of those before them by the same method: the next to be deleted may be the last good one. */
export function findSizeAnomalies(backups: readonly BackupFact[]): Freeze[] {
  const fulls = backups
    .filter((backup) => backup.type === "full" && backup.state === "complete" && (backup.sizeBytes ?? 0) > 0)
    .sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  return fulls.flatMap((full, index): Freeze[] => {
    const alike = fulls.slice(0, index).filter((each) => each.method === full.method);
    const before = alike.slice(-BAND.history).map((each) => each.sizeBytes ?? 0);
    const last = before.at(-1);
    if (before.length < BAND.historyMin || last === undefined) return [];
    const size = full.sizeBytes ?? 0;
    const usual = medianOf(before);
    // One that is like the one before it is the same news once more.
    if (isInBand(size, usual) || isInBand(size, last)) return [];
    const percent = Math.round((size / usual) * 100);
    return [
      {
        cause: `size:${full.id}`,
        kind: "anomaly",
        at: full.startedAt,
        message: `a full has ${percent} % of the size of those before it`,
      },
    ];
  });
}

function isInBand(size: number, usual: number): boolean {
  return size >= usual * BAND.low && size <= usual * BAND.high;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
