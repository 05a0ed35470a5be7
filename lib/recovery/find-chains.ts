import { type LinkReach, type RepositoryReach, readReach } from "@/lib/backups";
import type { Ctx } from "@/lib/db/context";
import type { Point } from "./point";
import type { RestoreChain } from "./schemas";

interface ChainRow {
  backupId: string;
  repositoryId: string;
  fullAt: Date;
  tipAt: Date;
  fullBytes: number | null;
  plainBytes: number | null;
  isProven: boolean;
  logBytes: number;
  plainLogBytes: number;
}

type Lane = RepositoryReach;
type Chosen = LinkReach & { lane: Lane };

export interface ReachingChains {
  /** The instant that is meant; null: a transaction, or nothing can be recovered. */
  at: Date | null;
  chains: (RestoreChain & { repositoryId: string })[];
  /** The nearest instants on both sides of `at` that some chain reaches. */
  nearest: { before: Date | null; after: Date | null };
}

/**
 * The chains that reach a point as the catalogue knows it, one a repository: the newest backup before it that a recovery
 * can begin with, with all that it continues. What has no log comes back as its newest backup was, whatever the time after it.
 */
export async function findChains(
  ctx: Ctx,
  system: { id: string; repositories: readonly string[]; hasLog: boolean },
  point: Point,
): Promise<ReachingChains> {
  const lanes = (await readReach(ctx, [system])).get(system.id) ?? [];
  const at = instantOf(point, lanes, system);
  const choose = system.hasLog ? chooseChain : chooseLink;
  const chosen = lanes.flatMap((lane) => choose(lane, point) ?? []);
  const rows = await readRows(ctx, chosen, { systemId: system.id, at });
  const chains = chosen.flatMap(({ lane, backupId, chain, from, to }) => {
    const row = rows.find((each) => each.backupId === backupId && each.repositoryId === lane.repositoryId);
    if (!row) return [];
    const { fullAt, tipAt, ...facts } = row;
    return [
      {
        ...facts,
        repository: lane.repository,
        fullAt: fullAt.toISOString(),
        tipAt: tipAt.toISOString(),
        increments: chain.length - 1,
        from: from.toISOString(),
        to: to.toISOString(),
      },
    ];
  });
  return { at, chains, nearest: nearestTo(at, lanes) };
}

/** "Latest" is the newest that any repository reaches; without a log, the instant from which on its newest backup is taken. */
function instantOf(point: Point, lanes: readonly Lane[], { hasLog }: { hasLog: boolean }): Date | null {
  if (point.kind === "time") return point.at;
  if (point.kind !== "latest") return null;
  return newestOf(lanes.flatMap((lane) => (hasLog ? lane.best?.to : lane.reaches[0]?.endedAt) ?? []));
}

function newestOf(times: readonly Date[]): Date | null {
  return times.reduce<Date | null>((newest, at) => (newest && newest >= at ? newest : at), null);
}

function chooseChain(lane: Lane, point: Point): Chosen | null {
  if (point.kind === "latest") {
    return lane.best && { ...lane.best, lane };
  }
  if (point.kind !== "time") return null;
  const reach = lane.reaches.find(({ from, to }) => from <= point.at && point.at <= to);
  return reach ? { ...reach, lane } : null;
}

/** Of what has no log: the newest that had ended by then. */
function chooseLink(lane: Lane, point: Point): Chosen | null {
  if (point.kind === "gtid" || point.kind === "before-gtid") return null;
  const link = lane.reaches.find(({ endedAt }) => point.kind === "latest" || endedAt <= point.at);
  return link ? { ...link, lane } : null;
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

/** Sizes of the chosen chains, and of the whole log files from their position to the point. */
async function readRows(
  ctx: Ctx,
  chosen: readonly Chosen[],
  { systemId, at }: { systemId: string; at: Date | null },
): Promise<ChainRow[]> {
  if (chosen.length === 0) return [];
  const links = chosen.flatMap(({ backupId, chain, lane }) =>
    chain.map((link) => ({ tip: backupId, link, repository: lane.repositoryId })),
  );
  return ctx.db.$queryRaw<ChainRow[]>`
    SELECT one.tip::text AS "backupId", one.repository::text AS "repositoryId", sizes.full_at AS "fullAt",
      tip.started_at AS "tipAt", sizes.stored AS "fullBytes", sizes.plain AS "plainBytes",
      EXISTS (
        SELECT 1 FROM verifications proof
        WHERE proof.backup_id = tip.id AND proof.verdict = 'pass' AND proof.level <> 'object') AS "isProven",
      COALESCE(log.stored, 0) AS "logBytes", COALESCE(log.plain, 0) AS "plainLogBytes"
    FROM unnest(${chosen.map((each) => each.backupId)}::uuid[], ${chosen.map((each) => each.lane.repositoryId)}::uuid[])
      AS one(tip, repository)
    JOIN backups tip ON tip.id = one.tip
    JOIN LATERAL (
      SELECT min(backups.started_at) AS full_at,
        sum(COALESCE(copy.size_bytes, backups.size_bytes))::float8 AS stored,
        sum((SELECT sum((part -> 'plain' ->> 'sizeBytes')::float8)
          FROM jsonb_array_elements(backups.manifest -> 'parts') part)) AS plain
      FROM unnest(
        ${links.map((each) => each.tip)}::uuid[], ${links.map((each) => each.link)}::uuid[],
        ${links.map((each) => each.repository)}::uuid[]
      ) AS part_of(tip, link, repository)
      JOIN backups ON backups.id = part_of.link
      LEFT JOIN backup_copies copy ON copy.backup_id = part_of.link AND copy.repository_id = one.repository
      WHERE part_of.tip = one.tip AND part_of.repository = one.repository
    ) AS sizes ON true
    LEFT JOIN LATERAL (
      SELECT sum(stored_bytes)::float8 AS stored, sum(end_offset - start_offset)::float8 AS plain
      FROM log_coverages
      WHERE system_id = ${systemId}::uuid AND repository_id = one.repository
        AND server_id = tip.server_id AND incarnation = tip.incarnation
        AND (length(file), file) >= (length(tip.position ->> 'file'), tip.position ->> 'file')
        AND (first_at IS NULL OR first_at <= ${at ?? ctx.now()})
    ) AS log ON true`;
}
