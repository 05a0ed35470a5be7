import type { Ctx } from "@/lib/db/context";
import { type FullFact, type Reach, bestReach, mergeReaches, reachOf } from "./model";
import { readLogEnds } from "./read-log-ends";

export interface RepositoryReach {
  repositoryId: string;
  repository: string;
  best: Reach | null;
  /** Fulls that this repository has or should have, newest first. */
  fulls: { backupId: string; at: Date; state: "present" | "missing" }[];
  /** How far each full that is present reaches, newest first. */
  reaches: Reach[];
  stretches: { from: Date; to: Date }[];
}

/** Fulls older than the newest so many are history; they add nothing to what can be recovered now. */
const FULLS_MAX = 60;

/**
 * What each repository can bring each system back to, from the catalogue. Three queries for any number of systems.
 * @returns reaches by system id; a system with no full has its repositories with `best: null`
 */
export async function readReach(
  ctx: Pick<Ctx, "db">,
  systems: readonly { id: string; repositories: readonly string[] }[],
): Promise<Map<string, RepositoryReach[]>> {
  const systemIds = systems.map((system) => system.id);
  const [repositories, backups, logs] = await Promise.all([
    ctx.db.repository.findMany({ where: { removedAt: null }, select: { id: true, name: true } }),
    ctx.db.backup.findMany({
      where: { systemId: { in: systemIds }, type: "full", state: { in: ["complete", "incomplete"] } },
      orderBy: { startedAt: "desc" },
      take: FULLS_MAX * Math.max(1, systemIds.length),
      select: {
        id: true,
        systemId: true,
        startedAt: true,
        endedAt: true,
        serverId: true,
        incarnation: true,
        position: true,
        copies: { select: { repositoryId: true, state: true } },
      },
    }),
    readLogEnds(ctx, systemIds),
  ]);
  return new Map(
    systems.map((system) => [
      system.id,
      system.repositories.flatMap((name) => {
        const repository = repositories.find((each) => each.name === name);
        if (!repository) return [];
        const own = backups.filter((backup) => backup.systemId === system.id);
        const present = own.filter((backup) => hasCopy(backup, repository.id, "present"));
        const log = logs.find((each) => each.systemId === system.id && each.repositoryId === repository.id)?.log ?? [];
        const facts = present.map(toFullFact);
        const reaches = facts.map((full) => reachOf(full, log));
        return [
          {
            repositoryId: repository.id,
            repository: name,
            best: bestReach(facts, log),
            fulls: own
              .filter((backup) => !isExpired(backup, repository.id))
              .map((backup) => ({
                backupId: backup.id,
                at: backup.startedAt,
                state: hasCopy(backup, repository.id, "present") ? ("present" as const) : ("missing" as const),
              })),
            reaches,
            stretches: mergeReaches(reaches),
          },
        ];
      }),
    ]),
  );
}

function hasCopy(backup: { copies: { repositoryId: string; state: string }[] }, id: string, state: string): boolean {
  return backup.copies.some((copy) => copy.repositoryId === id && copy.state === state);
}

/** What retention took here is neither there nor missing. */
function isExpired(backup: { copies: { repositoryId: string; state: string }[] }, repositoryId: string): boolean {
  return hasCopy(backup, repositoryId, "expired") || hasCopy(backup, repositoryId, "expiring");
}

/** What the reach of a full is computed from. */
export function toFullFact(row: {
  id: string;
  startedAt: Date;
  endedAt: Date | null;
  serverId: string | null;
  incarnation: string | null;
  position: unknown;
}): FullFact {
  return {
    backupId: row.id,
    startedAt: row.startedAt,
    endedAt: row.endedAt ?? row.startedAt,
    serverId: row.serverId,
    incarnation: row.incarnation,
    position: row.position as FullFact["position"],
  };
}
