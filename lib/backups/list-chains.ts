import type { Ctx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { findConfiguration } from "@/lib/settings";
import { declaredBackups } from "@/lib/settings/schemas";
import { type ChainFull, type ChainIncrement, readChainFacts } from "./chain-facts";
import { LINK_METHODS, chainIn, toLinkFact } from "./links";
import { type LogFact, type Reach, bestReach, reachOf } from "./model";
import { readLogEnds } from "./read-log-ends";
import { type Chain, type ChainPage, type CopyState, ListChainsInput, type VerificationLevel } from "./schemas";

/**
 * The chains of a system in one repository, newest first, a page at a time: each full, what follows it until the next
 * one, and what it can bring back. Six queries, however long the log is. @throws NotFoundError
 */
export async function listChains(ctx: Ctx, input: ListChainsInput): Promise<ChainPage> {
  requirePermission(ctx, "backup.read");
  const { system: name, repository: wanted, cursor, limit } = ListChainsInput.parse(input);
  const [loaded, system] = await Promise.all([
    findConfiguration(ctx),
    ctx.db.system.findUnique({ where: { name }, select: { id: true } }),
  ]);
  if (!system) throw new NotFoundError("system", name);
  const repositories = [...new Set(declaredBackups(loaded?.configuration.systems[name]).flatMap(({ to }) => to))];
  const repository = wanted ?? repositories[0] ?? "";
  const place = await ctx.db.repository.findUnique({ where: { name: repository }, select: { id: true } });
  if (!place && wanted !== undefined) throw new NotFoundError("repository", wanted);
  const page = place
    ? await readPage(ctx, { systemId: system.id, repositoryId: place.id, repository }, { cursor, limit })
    : { chains: [], nextCursor: null };
  return { asOf: ctx.now().toISOString(), repository, repositories, ...page };
}

async function readPage(
  ctx: Ctx,
  lane: { systemId: string; repositoryId: string; repository: string },
  page: { cursor: string | undefined; limit: number },
): Promise<Pick<ChainPage, "chains" | "nextCursor">> {
  const [facts, ends] = await Promise.all([readChainFacts(ctx, lane, page), readLogEnds(ctx, [lane.systemId])]);
  const log = ends.find((each) => each.repositoryId === lane.repositoryId)?.log ?? [];
  return {
    chains: facts.fulls.map((full, index) =>
      toChain(full, { facts, log, next: facts.fulls[index - 1] ?? facts.newer }),
    ),
    nextCursor: facts.hasMore ? (facts.fulls.at(-1)?.id ?? null) : null,
  };
}

interface ChainContext {
  facts: Awaited<ReturnType<typeof readChainFacts>>;
  log: readonly LogFact[];
  /** The full that was taken after this one. */
  next: ChainFull | undefined;
}

function toChain(full: ChainFull, { facts, log, next }: ChainContext): Chain {
  const incrementals = ownIncrements(full, { facts, next });
  const reaches = reachesOf([full, ...incrementals], log);
  return {
    ...describeFull(full),
    nextAt: next?.startedAt.toISOString() ?? null,
    reach: furthest(full, reaches),
    incrementals: incrementals.map((each) => toIncremental(each, reaches.get(each.id))),
    log: segmentOf(full, facts) ?? fileLogsOf(full, { facts, next }),
    gaps: gapsOf(full, { facts, next }),
  };
}

function describeFull(full: ChainFull) {
  const { id, method, startedAt, endedAt, copies, verifications, position } = full;
  const [copy] = copies;
  const [proof] = verifications;
  return {
    backupId: id,
    method,
    startedAt: startedAt.toISOString(),
    endedAt: (endedAt ?? startedAt).toISOString(),
    state: (copy?.state ?? "missing") as CopyState,
    sizeBytes: bytesOf(copy?.sizeBytes ?? full.sizeBytes),
    proven: proof ? { level: proof.level as VerificationLevel, at: proof.at.toISOString() } : null,
    gtid: (position as { gtid?: string } | null)?.gtid ?? null,
  };
}

/** From what the full itself reaches to the furthest that it or an increment does. */
function furthest(full: ChainFull, reaches: ReadonlyMap<string, Reach>): Chain["reach"] {
  const best = bestReach([...reaches.values()]);
  return best && toTimes({ from: reaches.get(full.id)?.from ?? best.from, to: best.to });
}

/** Of each that is whole here; a logical increment has none of its own, since its logs are the chain's. */
function reachesOf(rows: readonly (ChainFull | ChainIncrement)[], log: readonly LogFact[]): Map<string, Reach> {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return new Map(
    rows.flatMap((row): [string, Reach][] => {
      const isLink = row.parentId === null || LINK_METHODS.includes(row.method);
      const [copy] = row.copies;
      if (!isLink || !copy || !chainIn(byId, row.id, copy.repositoryId)) return [];
      return [[row.id, reachOf(toLinkFact(row), log)]];
    }),
  );
}

function toIncremental(each: ChainIncrement, reach: Reach | undefined): Chain["incrementals"][number] {
  return {
    backupId: each.id,
    startedAt: each.startedAt.toISOString(),
    state: (each.copies[0]?.state ?? "missing") as CopyState,
    sizeBytes: bytesOf(each.sizeBytes),
    reach: reach ? toTimes(reach) : null,
  };
}

const toTimes = ({ from, to }: { from: Date; to: Date }) => ({ from: from.toISOString(), to: to.toISOString() });

function segmentOf(full: ChainFull, facts: ChainContext["facts"]): Chain["log"] {
  const segment = facts.logs.find((each) => each.backupId === full.id);
  if (!segment) return null;
  const { files, storedBytes, firstGtid, lastGtid, to } = segment;
  return { files, storedBytes, firstGtid, lastGtid, to: to?.toISOString() ?? null };
}

/** Of a tree: the backups of its logs until the next full. */
function fileLogsOf(full: ChainFull, { facts, next }: Omit<ChainContext, "log">): Chain["log"] {
  const own = facts.logBackups.filter(
    ({ startedAt }) => startedAt >= full.startedAt && (!next || startedAt < next.startedAt),
  );
  const newest = own.at(-1);
  if (!newest) return null;
  return {
    files: own.length,
    storedBytes: own.reduce((sum, { sizeBytes }) => sum + Number(sizeBytes ?? 0), 0),
    firstGtid: null,
    lastGtid: null,
    to: newest.startedAt.toISOString(),
  };
}

/** Holes of the log between this full and the next one. */
function gapsOf(full: ChainFull, { facts, next }: Omit<ChainContext, "log">): Chain["gaps"] {
  return facts.gaps.flatMap(({ fromAt, toAt, reason }) => {
    if (!fromAt || !toAt || toAt <= full.startedAt || (next && fromAt >= next.startedAt)) return [];
    return [{ ...toTimes({ from: fromAt, to: toAt }), reason }];
  });
}

/** By their parents, up to the full; one whose parent is not known any more by its time. */
function ownIncrements(full: ChainFull, { facts, next }: Omit<ChainContext, "log">): ChainIncrement[] {
  const isBetween = (at: Date) => at >= full.startedAt && (!next || at < next.startedAt);
  return facts.incrementals.filter((each) => {
    const root = rootOf(each.id, facts.incrementals);
    return root === full.id || (root === null && isBetween(each.startedAt));
  });
}

function rootOf(id: string, incrementals: ChainContext["facts"]["incrementals"]): string | null {
  const parents = new Map(incrementals.map((each) => [each.id, each.parentId]));
  const seen = new Set<string>();
  for (let at = id; !seen.has(at);) {
    seen.add(at);
    const parent = parents.get(at);
    if (parent === undefined) return at;
    if (parent === null) return null;
    at = parent;
  }
  return null;
}

const bytesOf = (bytes: bigint | null): number | null => (bytes === null ? null : Number(bytes));
