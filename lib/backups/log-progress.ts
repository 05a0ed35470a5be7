import type { JobCtx } from "@/lib/db/context";
import { RefusedError } from "@/lib/kernel/errors";
import { logNumber } from "./log-position";

/** The log that a wait is about. */
export interface FollowedLog {
  systemId: string;
  serverId: string;
  incarnation: string;
}

/** One file of it in one repository. */
export interface StoredLog {
  repositoryId: string;
  file: string;
  nextFile: string | null;
  startOffset: bigint;
  endOffset: bigint;
  firstGtid: string | null;
  lastGtid: string | null;
  lastAt: Date | null;
  compactedAt: Date | null;
}

/**
 * What lies of a log in some repositories, from one file on, in the order of the files.
 * @throws RefusedError when the log was begun anew meanwhile: what is waited for never comes
 */
export async function readStoredLog(
  ctx: JobCtx,
  log: FollowedLog,
  from: { file: string; repositoryIds: readonly string[] },
): Promise<StoredLog[]> {
  const { systemId, serverId, incarnation } = log;
  const system = await ctx.db.system.findUniqueOrThrow({ where: { id: systemId } });
  const isGap = await ctx.db.logGap.findFirst({ where: { systemId, incarnation }, select: { id: true } });
  if (isGap || system.logIncarnation !== incarnation) {
    throw new RefusedError("the server's log was begun anew meanwhile: it no longer continues the newest full", {
      hint: "A new full begins a new chain; it was started by itself when the gap was found.",
    });
  }
  const rows = await ctx.db.logCoverage.findMany({
    where: { systemId, serverId, incarnation, repositoryId: { in: [...from.repositoryIds] } },
  });
  return rows
    .filter((row) => logNumber(row.file) >= logNumber(from.file))
    .sort((a, b) => logNumber(a.file) - logNumber(b.file));
}

/** The log that is collected from a system now; null when none is. */
export async function followedLog(ctx: JobCtx, systemId: string): Promise<FollowedLog | null> {
  const { logServerId, logIncarnation } = await ctx.db.system.findUniqueOrThrow({ where: { id: systemId } });
  return logServerId && logIncarnation ? { systemId, serverId: logServerId, incarnation: logIncarnation } : null;
}

/**
 * The closed files of one repository from `first` up to, not including, `end`, each from its first byte and going on
 * in the next. Null while one is missing, open or still in segments.
 */
export function closedChain(
  rows: readonly StoredLog[],
  { first, end }: { first: string; end: string },
): StoredLog[] | null {
  const chain: StoredLog[] = [];
  for (let file = first; file !== end;) {
    const row = rows.find((each) => each.file === file);
    if (!row?.nextFile || !row.compactedAt || row.startOffset !== 0n) return null;
    chain.push(row);
    file = row.nextFile;
    if (logNumber(file) > logNumber(end)) return null;
  }
  return chain;
}

/** Whether one repository holds a log up to a position without a hole, from the file `first` on. */
export function reachesPosition(
  rows: readonly StoredLog[],
  { first, end }: { first: string; end: { file: string; offset: number } },
): boolean {
  for (let file: string | null = first; file !== null;) {
    const name: string = file;
    const row = rows.find((each) => each.file === name);
    if (!row || row.startOffset !== 0n) return false;
    if (name === end.file) return row.endOffset >= BigInt(end.offset);
    file = row.nextFile;
  }
  return false;
}
