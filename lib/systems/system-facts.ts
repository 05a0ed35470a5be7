import { type RepositoryReach, readReach } from "@/lib/backups";
import type { Prisma } from "@/lib/db/client";
import type { Ctx } from "@/lib/db/context";
import { findConfiguration } from "@/lib/settings";
import type { Configuration, SystemDeclaration } from "@/lib/settings/schemas";

const CALENDAR_DAYS = 30;
const DAY_MS = 86_400_000;

type SystemRow = Prisma.SystemGetPayload<object>;
interface BackupFact {
  id: string;
  systemId: string;
  startedAt: Date;
  endedAt: Date | null;
  state: string;
}
interface ProofFact {
  systemId: string;
  at: Date;
  level: string;
  backupId: string;
}
interface MeasureFact {
  id: string;
  systemId: string | null;
  mode: string | null;
  endedAt: Date | null;
  rtoActualMs: bigint | null;
  rpoActualMs: bigint | null;
}

/** Everything that the views of systems are made of, read in a fixed number of queries. */
export interface SystemFacts {
  now: Date;
  configuration: Configuration | null;
  rows: SystemRow[];
  declarations: Map<string, SystemDeclaration>;
  reaches: Map<string, RepositoryReach[]>;
  /** Of the last 30 days, newest first. */
  backups: BackupFact[];
  /** Restores that passed, newest first. */
  proofs: ProofFact[];
  /** Recoveries with a measured RTO, newest first. */
  measures: MeasureFact[];
}

/** Levels that prove a restore: reading an object back does not. */
export const RESTORE_LEVELS = ["restore", "replay", "application"];

/** @param name only this system, with a longer history of measures */
export async function readSystemFacts(ctx: Ctx, name?: string): Promise<SystemFacts> {
  const loaded = await findConfiguration(ctx);
  const rows = await ctx.db.system.findMany({
    where: { removedAt: null, ...(name ? { name } : {}) },
    orderBy: { position: "asc" },
  });
  const now = ctx.now();
  const systemId = { in: rows.map((row) => row.id) };
  const declarations = new Map(Object.entries(loaded?.configuration.systems ?? {}));
  const [reaches, backups, proofs, measures] = await Promise.all([
    readReach(
      ctx,
      rows.map((row) => ({ id: row.id, repositories: repositoriesOf(declarations.get(row.name)) })),
    ),
    ctx.db.backup.findMany({
      where: { systemId, startedAt: { gt: new Date(now.getTime() - CALENDAR_DAYS * DAY_MS) } },
      orderBy: { startedAt: "desc" },
      select: { id: true, systemId: true, startedAt: true, endedAt: true, state: true },
    }),
    ctx.db.verification.findMany({
      where: { systemId, verdict: "pass", level: { in: RESTORE_LEVELS } },
      orderBy: { at: "desc" },
      take: 500,
      select: { systemId: true, at: true, level: true, backupId: true },
    }),
    ctx.db.run.findMany({
      where: { systemId, kind: "runbook", state: "succeeded", rtoActualMs: { not: null } },
      orderBy: { endedAt: "desc" },
      take: 200,
      select: { id: true, systemId: true, mode: true, endedAt: true, rtoActualMs: true, rpoActualMs: true },
    }),
  ]);
  return { now, configuration: loaded?.configuration ?? null, rows, declarations, reaches, backups, proofs, measures };
}

function repositoriesOf(declaration: SystemDeclaration | undefined): string[] {
  if (declaration?.kind !== "mariadb") return [];
  return [...new Set([...(declaration.backup.full?.to ?? []), ...(declaration.backup.log?.to ?? [])])];
}
