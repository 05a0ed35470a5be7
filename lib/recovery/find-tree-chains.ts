import type { Ctx } from "@/lib/db/context";
import { type Point } from "./point";
import type { ReachingChains } from "./find-chains";
import type { Neighbour } from "./schemas";

/** A backup of files or code that is there in one repository, newest first among its like. */
export interface TreeRow {
  id: string;
  repositoryId: string;
  repository: string;
  type: "full" | "incremental";
  parentId: string | null;
  startedAt: Date;
  endedAt: Date;
  sizeBytes: number;
  plainBytes: number | null;
  isProven: boolean;
}

const EACH_SIDE = 3;
const ROWS_MAX = 1_000;

/** Backups of a system that are whole in one of the repositories, newest first. */
export function readTreeRows(
  ctx: Pick<Ctx, "db">,
  system: { id: string; repositories: readonly string[] },
): Promise<TreeRow[]> {
  return ctx.db.$queryRaw<TreeRow[]>`
    SELECT backups.id::text AS id, repositories.id::text AS "repositoryId", repositories.name AS repository,
      backups.type, backups.parent_id::text AS "parentId", backups.started_at AS "startedAt",
      backups.ended_at AS "endedAt", COALESCE(copy.size_bytes, backups.size_bytes, 0)::float8 AS "sizeBytes",
      (SELECT sum((part -> 'plain' ->> 'sizeBytes')::float8) FROM jsonb_array_elements(backups.manifest -> 'parts') part)
        AS "plainBytes",
      EXISTS (
        SELECT 1 FROM verifications proof
        WHERE proof.backup_id = backups.id AND proof.verdict = 'pass' AND proof.level <> 'object') AS "isProven"
    FROM backups
    JOIN backup_copies copy ON copy.backup_id = backups.id AND copy.state = 'present'
    JOIN repositories ON repositories.id = copy.repository_id AND repositories.removed_at IS NULL
    WHERE backups.system_id = ${system.id}::uuid AND backups.state IN ('complete', 'incomplete')
      AND backups.ended_at IS NOT NULL AND repositories.name = ANY(${[...system.repositories]})
    ORDER BY backups.ended_at DESC LIMIT ${ROWS_MAX}`;
}

/** In each repository the newest backup that had ended at the point, with all that it continues: what the run takes. */
export function findTreeChains(rows: readonly TreeRow[], point: Point): ReachingChains {
  const at = point.kind === "time" ? point.at : point.kind === "latest" ? (rows[0]?.endedAt ?? null) : null;
  const chains = [...Map.groupBy(rows, (row) => row.repository).values()].flatMap((own) => {
    const newest = at && own.find((row) => row.endedAt <= at);
    const chain = newest ? chainTo(newest, own) : null;
    return newest && chain ? [describeChain(newest, chain)] : [];
  });
  return {
    at,
    chains,
    nearest: {
      before: at && chains.length > 0 ? (rows.find((row) => row.endedAt < at)?.endedAt ?? null) : null,
      after: at ? (rows.findLast((row) => row.endedAt > at)?.endedAt ?? null) : null,
    },
  };
}

/** From the full to the backup; null where one between them is not here. */
function chainTo(newest: TreeRow, own: readonly TreeRow[]): TreeRow[] | null {
  const chain = [newest];
  for (let first = newest; first.parentId !== null;) {
    const parent = own.find((row) => row.id === first.parentId);
    if (!parent || chain.includes(parent)) return null;
    chain.unshift(parent);
    first = parent;
  }
  return chain;
}

function describeChain(newest: TreeRow, chain: readonly TreeRow[]): ReachingChains["chains"][number] {
  const sum = (read: (row: TreeRow) => number | null) =>
    chain.reduce<number | null>((total, row) => {
      const value = read(row);
      return total === null || value === null ? null : total + value;
    }, 0);
  return {
    repositoryId: newest.repositoryId,
    repository: newest.repository,
    backupId: newest.id,
    fullAt: (chain[0] ?? newest).startedAt.toISOString(),
    from: newest.endedAt.toISOString(),
    to: newest.endedAt.toISOString(),
    isProven: newest.isProven,
    increments: chain.length - 1,
    fullBytes: sum((row) => row.sizeBytes),
    logBytes: 0,
    plainBytes: sum((row) => row.plainBytes),
    plainLogBytes: 0,
  };
}

/** The backups next to a point, each once. */
export function backupsNear(rows: readonly TreeRow[], at: Date): { before: Neighbour[]; after: Neighbour[] } {
  const ends = [...new Map(rows.map((row) => [row.id, row])).values()].toReversed().map((row): Neighbour => ({
    at: row.endedAt.toISOString(),
    kind: row.type,
    gtid: null,
    file: null,
  }));
  return {
    before: ends.filter((each) => Date.parse(each.at) <= at.getTime()).slice(-EACH_SIDE),
    after: ends.filter((each) => Date.parse(each.at) > at.getTime()).slice(0, EACH_SIDE),
  };
}
