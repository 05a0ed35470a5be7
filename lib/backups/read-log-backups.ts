import type { Ctx } from "@/lib/db/context";
import type { LogBackupFact } from "./model";

/** Of each system: four days of quarter-hours; what lies further back adds nothing to what can be recovered now. */
const ROWS_MAX = 400;

interface Row {
  id: string;
  systemId: string;
  startedAt: Date;
  endedAt: Date;
  afterId: string | null;
  afterEndedAt: Date | null;
  selection: string;
  repositoryIds: string[];
}

export interface LogBackups {
  /**
   * The log backups that bring all of a tree forward, newest first: those of the very files that the tree is made of. Where
   * only some of the files are logs, the others are no newer for it, and a tree's reach is its own.
   */
  of(link: { id: string; systemId: string }, repositoryId: string): LogBackupFact[];
}

/** The backups of logs among files, from the catalogue. */
export async function readLogBackups(ctx: Pick<Ctx, "db">, systemIds: readonly string[]): Promise<LogBackups> {
  const rows = await ctx.db.$queryRaw<Row[]>`
    SELECT one.id::text AS id, one.system_id::text AS "systemId", one.started_at AS "startedAt", one.ended_at AS "endedAt",
      one.manifest -> 'after' ->> 'id' AS "afterId", (one.manifest -> 'after' ->> 'endedAt')::timestamptz AS "afterEndedAt",
      jsonb_build_array(one.manifest -> 'source' -> 'include', one.manifest -> 'source' -> 'exclude')::text AS selection,
      ARRAY(SELECT repository_id::text FROM backup_copies WHERE backup_id = one.id AND state = 'present') AS "repositoryIds"
    FROM unnest(${[...systemIds]}::uuid[]) AS wanted(id)
    JOIN LATERAL (
      SELECT * FROM backups
      WHERE system_id = wanted.id AND type = 'log' AND method = 'append' AND state IN ('complete', 'incomplete')
      ORDER BY started_at DESC LIMIT ${ROWS_MAX}) one ON true
    ORDER BY one.started_at DESC`;
  const selections = await readSelections(ctx, rows.length === 0 ? [] : systemIds);
  return {
    of: ({ id, systemId }, repositoryId) =>
      rows
        .filter(
          (row) =>
            row.systemId === systemId &&
            row.repositoryIds.includes(repositoryId) &&
            row.selection === selections.get(id),
        )
        .map(toFact),
  };
}

function toFact({ id, startedAt, endedAt, afterId, afterEndedAt }: Row): LogBackupFact {
  return { id, startedAt, endedAt, after: afterId && afterEndedAt ? { id: afterId, endedAt: afterEndedAt } : null };
}

/** Of which files each tree is made. */
async function readSelections(ctx: Pick<Ctx, "db">, systemIds: readonly string[]): Promise<Map<string, string>> {
  if (systemIds.length === 0) return new Map();
  const rows = await ctx.db.$queryRaw<{ id: string; selection: string }[]>`
    SELECT id::text AS id,
      jsonb_build_array(manifest -> 'source' -> 'include', manifest -> 'source' -> 'exclude')::text AS selection
    FROM backups
    WHERE system_id = ANY(${[...systemIds]}::uuid[]) AND method = 'tar' AND state IN ('complete', 'incomplete')
    ORDER BY started_at DESC LIMIT ${ROWS_MAX * systemIds.length}`;
  return new Map(rows.map(({ id, selection }) => [id, selection]));
}
