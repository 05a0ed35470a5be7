import type { Ctx } from "@/lib/db/context";
import { chainIn, hasCopy, LINKS, toLinkFact } from "./links";
import { type LogFact, type Reach, bestReach, mergeReaches, newestLogOn, reachOf } from "./model";
import { type LogBackups, readLogBackups } from "./read-log-backups";
import { readLogEnds } from "./read-log-ends";

/** What one backup, those that it continues, and the log behind it bring back from one repository. */
export interface LinkReach extends Reach {
  /** Ids from the full to the backup itself. */
  chain: string[];
  endedAt: Date;
}

export interface RepositoryReach {
  repositoryId: string;
  repository: string;
  best: LinkReach | null;
  /** Fulls that this repository has or should have, newest first. */
  fulls: { backupId: string; at: Date; state: "present" | "missing" }[];
  /** Increments of files likewise; one counts as present when everything that it continues is there as well. */
  increments: { backupId: string; at: Date; state: "present" | "missing" }[];
  /** How far each backup that is whole here reaches, newest first. */
  reaches: LinkReach[];
  stretches: { from: Date; to: Date }[];
}

/** Backups older than the newest so many of all systems are history; they add nothing to what can be recovered now. */
const LINKS_MAX = 120;

/**
 * What each repository can bring each system back to, from the catalogue. A fixed number of queries for any number of systems.
 * @returns reaches by system id; a system with no backup has its repositories with `best: null`
 */
export async function readReach(
  ctx: Pick<Ctx, "db">,
  systems: readonly { id: string; repositories: readonly string[] }[],
): Promise<Map<string, RepositoryReach[]>> {
  const systemIds = systems.map((system) => system.id);
  const [repositories, links, logs, logBackups] = await Promise.all([
    ctx.db.repository.findMany({ where: { removedAt: null }, select: { id: true, name: true } }),
    readLinks(ctx, systemIds),
    readLogEnds(ctx, systemIds),
    readLogBackups(ctx, systemIds),
  ]);
  const logOf = (systemId: string, repositoryId: string) =>
    logs.find((each) => each.systemId === systemId && each.repositoryId === repositoryId)?.log ?? [];
  return new Map(
    systems.map(({ id, repositories: names }) => {
      const own = links.filter((link) => link.systemId === id);
      const lanes = repositories.filter(({ name }) => names.includes(name));
      lanes.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
      return [id, lanes.map((lane) => reachIn(lane, own, { log: logOf(id, lane.id), logBackups }))];
    }),
  );
}

type LinkRow = Awaited<ReturnType<typeof readLinks>>[number];

function readLinks(ctx: Pick<Ctx, "db">, systemIds: readonly string[]) {
  return ctx.db.backup.findMany({
    where: { systemId: { in: [...systemIds] }, ...LINKS, state: { in: ["complete", "incomplete"] } },
    orderBy: { startedAt: "desc" },
    take: LINKS_MAX * Math.max(1, systemIds.length),
    select: {
      id: true,
      systemId: true,
      type: true,
      parentId: true,
      startedAt: true,
      endedAt: true,
      serverId: true,
      incarnation: true,
      position: true,
      copies: { select: { repositoryId: true, state: true } },
    },
  });
}

function reachIn(
  { id, name }: { id: string; name: string },
  links: readonly LinkRow[],
  { log, logBackups }: { log: readonly LogFact[]; logBackups: LogBackups },
): RepositoryReach {
  const byId = new Map(links.map((link) => [link.id, link]));
  const reaches = links.flatMap((link): LinkReach[] => {
    const chain = chainIn(byId, link.id, id);
    if (!chain) return [];
    const fact = toLinkFact(link);
    const forward = newestLogOn(fact, logBackups.of(link, id));
    const reach = forward ? { backupId: link.id, from: earlier(fact.endedAt, forward), to: forward.startedAt } : null;
    return [{ ...(reach ?? reachOf(fact, log)), chain: chain.map((each) => each.id), endedAt: fact.endedAt }];
  });
  const whole = new Set(reaches.map(({ backupId }) => backupId));
  const known = (type: string) =>
    links
      .filter((link) => link.type === type && isExpected(link, id))
      .map((link) => ({
        backupId: link.id,
        at: link.startedAt,
        state: whole.has(link.id) ? ("present" as const) : ("missing" as const),
      }));
  return {
    repositoryId: id,
    repository: name,
    best: bestReach(reaches),
    fulls: known("full"),
    increments: known("incremental").filter(({ backupId }) => isDeclaredIn(byId.get(backupId), id)),
    reaches,
    stretches: mergeReaches(reaches),
  };
}

function earlier(endedAt: Date, { startedAt }: { startedAt: Date }): Date {
  return endedAt < startedAt ? endedAt : startedAt;
}

/** What retention took here is neither there nor missing. */
function isExpected(link: LinkRow, repositoryId: string): boolean {
  return !hasCopy(link, repositoryId, "expired") && !hasCopy(link, repositoryId, "expiring");
}

/** Increments may be declared for fewer repositories than their fulls. */
function isDeclaredIn(link: LinkRow | undefined, repositoryId: string): boolean {
  return link?.copies.some((copy) => copy.repositoryId === repositoryId) ?? false;
}
