import type { Ctx } from "@/lib/db/context";
import type { Neighbour } from "./schemas";

const EACH_SIDE = 3;
/** Files on each side whose ends are looked at. */
const FILES = 3;

interface FileRow {
  file: string;
  firstAt: Date | null;
  heartbeatAt: Date | null;
  lastAt: Date | null;
  firstGtid: string | null;
  lastGtid: string | null;
}

/**
 * The instants nearest to a point that the catalogue knows: the ends of log files, and fulls. What lies inside a file
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
  const fulls = { systemId: place.systemId, type: "full", state: { in: ["complete", "incomplete"] } };
  const [older, newer, fullBefore, fullAfter] = await Promise.all([
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
    ctx.db.backup.findFirst({ where: { ...fulls, startedAt: { lte: at } }, orderBy: { startedAt: "desc" } }),
    ctx.db.backup.findFirst({ where: { ...fulls, startedAt: { gt: at } }, orderBy: { startedAt: "asc" } }),
  ]);
  const known = [...older, ...newer].flatMap(endsOf);
  for (const full of [fullBefore, fullAfter]) {
    if (full) known.push({ at: full.startedAt.toISOString(), kind: "full", gtid: null, file: null });
  }
  const sorted = known.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return {
    before: sorted.filter((each) => Date.parse(each.at) <= at.getTime()).slice(-EACH_SIDE),
    after: sorted.filter((each) => Date.parse(each.at) > at.getTime()).slice(0, EACH_SIDE),
  };
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
