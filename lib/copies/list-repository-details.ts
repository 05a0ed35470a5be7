import { readReach } from "@/lib/backups";
import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { OPEN_RUN_STATES } from "@/lib/runs/schemas";
import { findConfiguration } from "@/lib/settings";
import type { Configuration, RepositoryDeclaration } from "@/lib/settings/schemas";
import { scoreOf } from "./model";
import { empty, readHoldings } from "./read-holdings";
import { readScoreFacts } from "./read-score-facts";
import type { LockState, RepositoriesView, RepositoryDetail } from "./schemas";

/** Every declared repository with what it holds, its lock and how far it lags behind, and the estate's 3-2-1-1-0 score. */
export async function listRepositoryDetails(ctx: Ctx): Promise<RepositoriesView> {
  requirePermission(ctx, "backup.read");
  const loaded = await findConfiguration(ctx);
  const configuration = loaded?.configuration ?? null;
  const facts = await readFacts(ctx, configuration);
  const repositories = facts.rows.map((row) => toDetail(row, facts, configuration?.repositories[row.name]));
  const score = scoreOf(await readScoreFacts(ctx, configuration, repositories));
  return { repositories, score };
}

type Facts = Awaited<ReturnType<typeof readFacts>>;
type Row = Facts["rows"][number];

async function readFacts(ctx: Ctx, configuration: Configuration | null) {
  const [rows, holdings, copies, logs, runs, reaches] = await Promise.all([
    ctx.db.repository.findMany({ where: { removedAt: null }, orderBy: [{ createdAt: "asc" }, { id: "asc" }] }),
    readHoldings(ctx.db),
    ctx.db.$queryRaw<{ repository_id: string; bytes: bigint; locked: number; newest: Date | null }[]>`
      SELECT c.repository_id, sum(c.size_bytes)::bigint AS bytes, max(b.started_at) AS newest,
             count(*) FILTER (WHERE c.locked_until > ${ctx.now()})::int AS locked
      FROM backup_copies c JOIN backups b ON b.id = c.backup_id
      WHERE c.state = 'present' AND b.state IN ('complete', 'incomplete')
      GROUP BY c.repository_id`,
    ctx.db.logCoverage.groupBy({
      by: ["repositoryId"],
      where: { state: "present", expiredAt: null },
      _sum: { storedBytes: true },
    }),
    ctx.db.run.findMany({
      where: { kind: { in: ["check", "repair"] }, state: { in: [...OPEN_RUN_STATES] } },
      select: { id: true, parameters: true },
    }),
    readRecoverable(ctx, configuration),
  ]);
  return { rows, holdings, copies, logs, runs, reaches };
}

interface Reachable {
  to: Date | null;
  lagMs: number | null;
}

/** By repository: the oldest instant to which a system can be brought back from it, and by how much another one is ahead. */
async function readRecoverable(ctx: Ctx, configuration: Configuration | null): Promise<Map<string, Reachable>> {
  const systems = await ctx.db.system.findMany({ where: { removedAt: null }, select: { id: true, name: true } });
  const wanted = systems.map(({ id, name }) => ({ id, repositories: targetsOf(configuration, name) }));
  const found = new Map<string, Reachable>();
  for (const own of (await readReach(ctx, wanted)).values()) {
    const best = Math.max(...own.map((each) => each.best?.to.getTime() ?? 0));
    for (const { repository, best: reach } of own) {
      const before = found.get(repository);
      const lagMs = reach ? best - reach.to.getTime() : null;
      const worst = before && (before.lagMs === null || (lagMs !== null && before.lagMs >= lagMs)) ? before : null;
      found.set(repository, worst ?? { to: reach?.to ?? null, lagMs });
    }
  }
  return found;
}

function targetsOf(configuration: Configuration | null, system: string): string[] {
  const declared = configuration?.systems[system];
  return declared && declared.kind !== "service" ? (declared.backup.full?.to ?? []) : [];
}

function toDetail(row: Row, facts: Facts, declared: RepositoryDeclaration | undefined): RepositoryDetail {
  const held = facts.holdings.get(row.id) ?? { backups: empty(), logs: empty(), orphans: 0 };
  const run = facts.runs.find(({ parameters }) => (parameters as { repository?: string }).repository === row.name);
  const { readBytes = null } = (row.examination ?? {}) as { readBytes?: number };
  const copy = facts.copies.find((each) => each.repository_id === row.id);
  return {
    ...held,
    ...reachFacts(facts.reaches.get(row.name)),
    name: row.name,
    kind: row.kind as RepositoryDetail["kind"],
    location: row.location,
    site: declared?.site ?? null,
    identity: row.identity,
    checkedAt: toText(row.checkedAt),
    checkError: row.checkError,
    storedBytes: storedBytesOf(row, facts),
    examinedAt: toText(row.examinedAt),
    readBytes,
    lock: lockFacts(row, declared, copy?.locked ?? 0),
    newestBackupAt: toText(copy?.newest),
    openRunId: run?.id ?? null,
  };
}

function lockFacts(row: Row, declared: RepositoryDeclaration | undefined, locked: number): RepositoryDetail["lock"] {
  return {
    declared: (declared?.kind === "s3" ? declared.lock : null) ?? null,
    state: row.lockState as LockState | null,
    message: row.lockMessage,
    checkedAt: toText(row.lockCheckedAt),
    locked,
  };
}

function reachFacts(reach: Reachable | undefined): Pick<RepositoryDetail, "recoverableTo" | "lagSeconds"> {
  const { to = null, lagMs = null } = reach ?? {};
  return { recoverableTo: toText(to), lagSeconds: lagMs === null ? null : Math.round(lagMs / 1_000) };
}

function storedBytesOf(row: Row, facts: Facts): number {
  const copies = facts.copies.find((each) => each.repository_id === row.id)?.bytes ?? 0;
  const log = facts.logs.find((each) => each.repositoryId === row.id)?._sum.storedBytes ?? 0;
  return Number(copies) + Number(log);
}

function toText(at: Date | null | undefined): string | null {
  return at?.toISOString() ?? null;
}
