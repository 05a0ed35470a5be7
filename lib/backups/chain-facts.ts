import type { Prisma } from "@/lib/db/client";
import type { Ctx } from "@/lib/db/context";

const RESTORE_LEVELS = ["restore", "replay", "application"];
const INCREMENTALS_MAX = 2_000;
const GAPS_MAX = 200;

interface ChainLane {
  systemId: string;
  repositoryId: string;
  repository: string;
}

interface SegmentRow {
  backupId: string;
  files: number;
  storedBytes: number;
  firstGtid: string | null;
  lastGtid: string | null;
  to: Date | null;
}

const fullSelect = ({ repositoryId, repository }: ChainLane) =>
  ({
    id: true,
    method: true,
    startedAt: true,
    endedAt: true,
    sizeBytes: true,
    serverId: true,
    incarnation: true,
    position: true,
    parentId: true,
    copies: { where: { repositoryId }, select: { repositoryId: true, state: true, sizeBytes: true } },
    verifications: {
      where: {
        verdict: "pass",
        level: { in: RESTORE_LEVELS },
        OR: [{ repositoryName: repository }, { repositoryName: null }],
      },
      orderBy: { at: "desc" },
      take: 1,
      select: { level: true, at: true },
    },
  }) satisfies Prisma.BackupSelect;

export type ChainFull = Prisma.BackupGetPayload<{ select: ReturnType<typeof fullSelect> }>;
export type ChainIncrement = Awaited<ReturnType<typeof readChainFacts>>["incrementals"][number];

/** A page of fulls with everything that lies between them. */
export async function readChainFacts(
  ctx: Ctx,
  lane: ChainLane,
  { cursor, limit }: { cursor: string | undefined; limit: number },
) {
  const where = { systemId: lane.systemId, type: "full", state: { in: ["complete", "incomplete"] } };
  const select = fullSelect(lane);
  const [rows, newer] = await Promise.all([
    ctx.db.backup.findMany({
      where: { ...where, ...(cursor ? { id: { lt: cursor } } : {}) },
      orderBy: { id: "desc" },
      take: limit + 1,
      select,
    }),
    // The cursor is the last full of the page before: what this page's newest chain ends with.
    cursor ? ctx.db.backup.findUnique({ where: { id: cursor }, select }) : null,
  ]);
  const fulls = rows.slice(0, limit);
  const between = { gte: fulls.at(-1)?.startedAt ?? ctx.now(), ...(newer ? { lt: newer.startedAt } : {}) };
  const [incrementals, gaps, logs, logBackups] = await Promise.all([
    ctx.db.backup.findMany({
      where: {
        systemId: lane.systemId,
        type: "incremental",
        startedAt: between,
        state: { in: ["complete", "incomplete"] },
      },
      orderBy: { startedAt: "asc" },
      take: INCREMENTALS_MAX,
      select: {
        id: true,
        parentId: true,
        method: true,
        startedAt: true,
        endedAt: true,
        sizeBytes: true,
        serverId: true,
        incarnation: true,
        position: true,
        copies: { where: { repositoryId: lane.repositoryId }, select: { repositoryId: true, state: true } },
      },
    }),
    ctx.db.logGap.findMany({
      where: { systemId: lane.systemId, toAt: { gte: between.gte } },
      orderBy: { fromAt: "asc" },
      take: GAPS_MAX,
    }),
    readSegments(ctx, lane, newer ? [newer, ...fulls] : fulls),
    readLogBackupsOf(ctx, lane, between),
  ]);
  return { fulls, newer: newer ?? undefined, hasMore: rows.length > limit, incrementals, gaps, logs, logBackups };
}

/** Of the logs among files. */
function readLogBackupsOf(ctx: Ctx, { systemId, repositoryId }: ChainLane, startedAt: { gte: Date; lt?: Date }) {
  return ctx.db.backup.findMany({
    where: { systemId, type: "log", startedAt, copies: { some: { repositoryId, state: "present" } } },
    orderBy: { startedAt: "asc" },
    take: INCREMENTALS_MAX,
    select: { startedAt: true, sizeBytes: true },
  });
}

/** The whole files of log from each full's position to the next one's; a file that both lie in counts for both. */
function readSegments(ctx: Ctx, lane: ChainLane, fulls: readonly ChainFull[]): Promise<SegmentRow[]> {
  const fileOf = (full: ChainFull | undefined) => (full?.position as { file?: string } | null)?.file ?? "";
  const isSameSeries = (one: ChainFull, other: ChainFull | undefined) => one.incarnation === other?.incarnation;
  const nexts = fulls.map((full, index) => {
    const next = fulls[index - 1];
    return isSameSeries(full, next) ? fileOf(next) : "";
  });
  return ctx.db.$queryRaw<SegmentRow[]>`
    SELECT one.id::text AS "backupId", count(*)::int AS files, sum(log.stored_bytes)::float8 AS "storedBytes",
      (array_agg(log.first_gtid ORDER BY length(log.file), log.file))[1] AS "firstGtid",
      (array_agg(log.last_gtid ORDER BY length(log.file) DESC, log.file DESC))[1] AS "lastGtid",
      max(COALESCE(log.heartbeat_at, log.last_at)) AS to
    FROM unnest(
      ${fulls.map((full) => full.id)}::uuid[], ${fulls.map((full) => full.serverId ?? "")}::text[],
      ${fulls.map((full) => full.incarnation ?? "")}::text[], ${fulls.map(fileOf)}::text[], ${nexts}::text[]
    ) AS one(id, server_id, incarnation, file, next_file)
    JOIN log_coverages log
      ON log.system_id = ${lane.systemId}::uuid AND log.repository_id = ${lane.repositoryId}::uuid
      AND log.server_id = one.server_id AND log.incarnation = one.incarnation AND one.file <> ''
      AND (length(log.file), log.file) >= (length(one.file), one.file)
      AND (one.next_file = '' OR (length(log.file), log.file) <= (length(one.next_file), one.next_file))
    GROUP BY one.id`;
}
