import type { Ctx } from "@/lib/db/context";
import { logNumber } from "./log-position";
import type { LogFact } from "./model";

interface Row extends Omit<LogFact, "nextFile" | "firstAt"> {
  systemId: string;
  repositoryId: string;
  /** The file that it names as its next is not there from its first byte. */
  isLast: boolean;
}

/** The log of one system in one repository, told by the few files that say how far it reaches. */
export interface LogEnds {
  systemId: string;
  repositoryId: string;
  log: LogFact[];
}

/**
 * The stored log of systems without the files that say nothing about its reach: a file counts when the position of a
 * backup to begin with lies in it, when it is the last before a hole, or when its heartbeat is newer than that of the next one. Each kept
 * file names the next kept one, so that what follows is reached exactly as if every file stood there. A month of
 * quarter-hours is some thirty rows instead of some three thousand.
 */
export async function readLogEnds(ctx: Pick<Ctx, "db">, systemIds: readonly string[]): Promise<LogEnds[]> {
  const rows = await ctx.db.$queryRaw<Row[]>`
    SELECT one.system_id::text AS "systemId", one.repository_id::text AS "repositoryId", one.server_id AS "serverId",
      one.incarnation, one.file, one.start_offset::float8 AS "startOffset", one.end_offset::float8 AS "endOffset",
      one.heartbeat_at AS "heartbeatAt", next.file IS NULL AS "isLast"
    FROM log_coverages one
    LEFT JOIN log_coverages next
      ON next.system_id = one.system_id AND next.repository_id = one.repository_id AND next.server_id = one.server_id
      AND next.incarnation = one.incarnation AND next.file = one.next_file AND next.start_offset = 0
      AND next.expired_at IS NULL AND next.state = 'present'
    WHERE one.system_id = ANY(${[...systemIds]}::uuid[]) AND one.expired_at IS NULL AND one.state = 'present' AND (
      next.file IS NULL
      OR (one.heartbeat_at IS NOT NULL AND (next.heartbeat_at IS NULL OR next.heartbeat_at < one.heartbeat_at))
      OR (one.system_id, one.server_id, one.incarnation, one.file) IN (
        SELECT system_id, server_id, incarnation, position ->> 'file' FROM backups
        WHERE system_id = ANY(${[...systemIds]}::uuid[]) AND (type = 'full' OR method = 'physical') AND state IN ('complete', 'incomplete')))`;
  const lanes = Map.groupBy(rows, (row) => `${row.systemId} ${row.repositoryId}`);
  return [...lanes.values()].flatMap((lane) => {
    const [first] = lane;
    if (!first) return [];
    const series = Map.groupBy(lane, (row) => JSON.stringify([row.serverId, row.incarnation]));
    const log = [...series.values()].flatMap(linkFiles);
    return [{ systemId: first.systemId, repositoryId: first.repositoryId, log }];
  });
}

/** Within one series the numbers of the files grow by one: the next kept file after one that is not the last follows it. */
function linkFiles(rows: readonly Row[]): LogFact[] {
  const sorted = [...rows].sort((a, b) => logNumber(a.file) - logNumber(b.file));
  return sorted.map(({ isLast, ...row }, index) => ({
    ...row,
    firstAt: null,
    nextFile: isLast ? null : (sorted[index + 1]?.file ?? null),
  }));
}
