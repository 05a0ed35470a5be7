import { type RepositoryReach, readReach } from "@/lib/backups";
import type { Ctx } from "@/lib/db/context";
import type { Point } from "./point";
import type { RestoreChain } from "./schemas";

interface ChainRow {
  backupId: string;
  repositoryId: string;
  startedAt: Date;
  fullBytes: number | null;
  plainBytes: number | null;
  isProven: boolean;
  logBytes: number;
  plainLogBytes: number;
}

type Lane = RepositoryReach;
type Chosen = Lane["reaches"][number] & { lane: Lane };

export interface ReachingChains {
  /** The instant that is meant; null: a transaction, or nothing can be recovered. */
  at: Date | null;
  chains: (RestoreChain & { repositoryId: string })[];
  /** The nearest instants on both sides of `at` that some chain reaches. */
  nearest: { before: Date | null; after: Date | null };
}

/** The chains that reach a point as the catalogue knows it, one a repository: the newest full before it. */
export async function findChains(
  ctx: Ctx,
  system: { id: string; repositories: readonly string[] },
  point: Point,
): Promise<ReachingChains> {
  const lanes = (await readReach(ctx, [system])).get(system.id) ?? [];
  const at = instantOf(point, lanes);
  const chosen = lanes.flatMap((lane) => chooseChain(lane, point) ?? []);
  const rows = await readRows(ctx, chosen, { systemId: system.id, at });
  const chains = chosen.flatMap(({ lane, backupId, from, to }) => {
    const row = rows.find((each) => each.backupId === backupId && each.repositoryId === lane.repositoryId);
    if (!row) return [];
    const { startedAt, ...facts } = row;
    return [
      {
        ...facts,
        repository: lane.repository,
        increments: 0,
        fullAt: startedAt.toISOString(),
        from: from.toISOString(),
        to: to.toISOString(),
      },
    ];
  });
  return { at, chains, nearest: nearestTo(at, lanes) };
}

/** "Latest" is the newest that any repository reaches. */
function instantOf(point: Point, lanes: readonly Lane[]): Date | null {
  if (point.kind === "time") return point.at;
  if (point.kind !== "latest") return null;
  return newestOf(lanes.flatMap((lane) => lane.best?.to ?? []));
}

function newestOf(times: readonly Date[]): Date | null {
  return times.reduce<Date | null>((newest, at) => (newest && newest >= at ? newest : at), null);
}

function chooseChain(lane: Lane, point: Point): Chosen | null {
  if (point.kind === "latest") {
    const best = lane.reaches.find((each) => each.backupId === lane.best?.backupId);
    return best ? { ...best, lane } : null;
  }
  if (point.kind !== "time") return null;
  const reach = lane.reaches.find(({ from, to }) => from <= point.at && point.at <= to);
  return reach ? { ...reach, lane } : null;
}

function nearestTo(at: Date | null, lanes: readonly Lane[]): ReachingChains["nearest"] {
  if (!at) return { before: null, after: null };
  const reaches = lanes.flatMap((lane) => lane.reaches);
  const after = reaches.flatMap(({ from }) => (from > at ? from : []));
  return {
    before: newestOf(reaches.flatMap(({ to }) => (to < at ? to : []))),
    after: after.reduce<Date | null>((first, each) => (first && first <= each ? first : each), null),
  };
}

/** Sizes of the chosen fulls, and of the whole log files from their position to the point. */
async function readRows(
  ctx: Ctx,
  chosen: readonly Chosen[],
  { systemId, at }: { systemId: string; at: Date | null },
): Promise<ChainRow[]> {
  if (chosen.length === 0) return [];
  return ctx.db.$queryRaw<ChainRow[]>`
    SELECT backups.id::text AS "backupId", one.repository_id::text AS "repositoryId", backups.started_at AS "startedAt",
      COALESCE(copy.size_bytes, backups.size_bytes)::float8 AS "fullBytes",
      (SELECT sum((part -> 'plain' ->> 'sizeBytes')::float8) FROM jsonb_array_elements(backups.manifest -> 'parts') part)
        AS "plainBytes",
      EXISTS (
        SELECT 1 FROM verifications proof
        WHERE proof.backup_id = backups.id AND proof.verdict = 'pass' AND proof.level <> 'object') AS "isProven",
      COALESCE(log.stored, 0) AS "logBytes", COALESCE(log.plain, 0) AS "plainLogBytes"
    FROM unnest(${chosen.map((each) => each.backupId)}::uuid[], ${chosen.map((each) => each.lane.repositoryId)}::uuid[])
      AS one(backup_id, repository_id)
    JOIN backups ON backups.id = one.backup_id
    LEFT JOIN backup_copies copy ON copy.backup_id = one.backup_id AND copy.repository_id = one.repository_id
    LEFT JOIN LATERAL (
      SELECT sum(stored_bytes)::float8 AS stored, sum(end_offset - start_offset)::float8 AS plain
      FROM log_coverages
      WHERE system_id = ${systemId}::uuid AND repository_id = one.repository_id
        AND server_id = backups.server_id AND incarnation = backups.incarnation
        AND (length(file), file) >= (length(backups.position ->> 'file'), backups.position ->> 'file')
        AND (first_at IS NULL OR first_at <= ${at ?? ctx.now()})
    ) AS log ON true`;
}
