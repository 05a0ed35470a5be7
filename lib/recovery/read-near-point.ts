import type { Ctx } from "@/lib/db/context";
import { LINKS } from "@/lib/backups";
import type { Neighbour } from "./schemas";

const EACH_SIDE = 3;
/** Files on each side whose ends are looked at. */
const FILES = 3;
const WITHOUT_LOG = ["tar", "bundle"];

interface FileRow {
  file: string;
  firstAt: Date | null;
  heartbeatAt: Date | null;
  lastAt: Date | null;
  firstGtid: string | null;
  lastGtid: string | null;
}

/**
 * The instants nearest to a point that the catalogue knows: the ends of log files, and backups. What lies inside a file
 * only the log itself knows; a recovery reads it.
 */
export async function readNearPoint(
  ctx: Pick<Ctx, "db">,
  place: { systemId: string; repositoryId: string },
  at: Date,
): Promise<{ before: Neighbour[]; after: Neighbour[] }> {
  const select = {
    file: true,
    firstAt: true,
    heartbeatAt: true,
    lastAt: true,
    firstGtid: true,
    lastGtid: true,
  } as const;
  const [older, newer, links] = await Promise.all([
    ctx.db.logCoverage.findMany({
      where: { ...place, firstAt: { lte: at } },
      orderBy: { firstAt: "desc" },
      take: FILES,
      select,
    }),
    ctx.db.logCoverage.findMany({
      where: { ...place, firstAt: { gt: at } },
      orderBy: { firstAt: "asc" },
      take: FILES,
      select,
    }),
    readLinks(ctx, place, at),
  ]);
  const sorted = [...[...older, ...newer].flatMap(endsOf), ...links].sort(
    (a, b) => Date.parse(a.at) - Date.parse(b.at),
  );
  return {
    before: sorted.filter((each) => Date.parse(each.at) <= at.getTime()).slice(-EACH_SIDE),
    after: sorted.filter((each) => Date.parse(each.at) > at.getTime()).slice(0, EACH_SIDE),
  };
}

/** The backups before and after it that lie there: as many as may be shown where there is no log. */
async function readLinks(
  ctx: Pick<Ctx, "db">,
  { systemId, repositoryId }: { systemId: string; repositoryId: string },
  at: Date,
): Promise<Neighbour[]> {
  const where = {
    systemId,
    ...LINKS,
    state: { in: ["complete", "incomplete"] },
    copies: { some: { repositoryId, state: "present" } },
  };
  const select = { type: true, method: true, startedAt: true, endedAt: true } as const;
  const [before, after] = await Promise.all([
    ctx.db.backup.findMany({
      where: { ...where, endedAt: { lte: at } },
      orderBy: { startedAt: "desc" },
      take: EACH_SIDE,
      select,
    }),
    ctx.db.backup.findMany({
      where: { ...where, endedAt: { gt: at } },
      orderBy: { startedAt: "asc" },
      take: EACH_SIDE,
      select,
    }),
  ]);
  return [...before, ...after].map(({ type, method, startedAt, endedAt }) => ({
    // A tree comes back at its backup's end: only then was all of it read.
    at: (WITHOUT_LOG.includes(method) ? (endedAt ?? startedAt) : startedAt).toISOString(),
    kind: type === "full" ? ("full" as const) : ("incremental" as const),
    gtid: null,
    file: null,
  }));
}

function endsOf({ file, firstAt, heartbeatAt, lastAt, firstGtid, lastGtid }: FileRow): Neighbour[] {
  const ends: Neighbour[] = [];
  if (firstAt) ends.push({ at: firstAt.toISOString(), kind: "first-transaction", gtid: firstGtid, file });
  if (heartbeatAt) ends.push({ at: heartbeatAt.toISOString(), kind: "last-heartbeat", gtid: null, file });
  if (lastAt && lastAt.getTime() !== heartbeatAt?.getTime()) {
    ends.push({ at: lastAt.toISOString(), kind: "last-transaction", gtid: lastGtid, file });
  }
  return ends;
}
