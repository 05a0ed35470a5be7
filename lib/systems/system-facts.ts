import { type RepositoryReach, readReach } from "@/lib/backups";
import { BACKUP_STATES, type BackupState } from "@/lib/backups/schemas";
import type { Prisma } from "@/lib/db/client";
import type { Ctx } from "@/lib/db/context";
import { findConfiguration } from "@/lib/settings";
import { getVerifier } from "@/lib/verification";
import type { VerifierState } from "@/lib/verification/schemas";
import { type Configuration, type SystemDeclaration, declaredBackups } from "@/lib/settings/schemas";

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
  /** The newest of each system, however old: of any end, and of those that are complete. */
  attempts: BackupFact[];
  successes: BackupFact[];
  /** Slots of the last 30 days that nobody took. */
  missed: { systemId: string; dueAt: Date }[];
  /** Restores that passed, newest first. */
  proofs: ProofFact[];
  /** The newest attempt to prove a backup of each system. */
  verdicts: { systemId: string; verdict: string; at: Date }[];
  verifier: VerifierState;
  /** Recoveries with a measured RTO, newest first. */
  measures: MeasureFact[];
}

const BACKUP_FACT = { id: true, systemId: true, startedAt: true, endedAt: true, state: true } as const;

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
  const since = new Date(now.getTime() - CALENDAR_DAYS * DAY_MS);
  const [reaches, backups, attempts, successes, missed, proofs, verdicts, verifier, measures] = await Promise.all([
    readReach(
      ctx,
      rows.map((row) => ({ id: row.id, repositories: repositoriesOf(declarations.get(row.name)) })),
    ),
    ctx.db.backup.findMany({
      where: { systemId, startedAt: { gt: since } },
      orderBy: { startedAt: "desc" },
      select: BACKUP_FACT,
    }),
    newestBackups(ctx, systemId.in, BACKUP_STATES),
    newestBackups(ctx, systemId.in, ["complete"]),
    ctx.db.slot.findMany({
      where: { systemId, state: "missed", dueAt: { gt: since } },
      select: { systemId: true, dueAt: true },
    }),
    ctx.db.verification.findMany({
      where: { systemId, verdict: "pass", level: { in: RESTORE_LEVELS } },
      orderBy: { at: "desc" },
      take: 500,
      select: { systemId: true, at: true, level: true, backupId: true },
    }),
    newestVerdicts(ctx, systemId.in),
    getVerifier(ctx),
    ctx.db.run.findMany({
      where: { systemId, kind: "runbook", state: "succeeded", rtoActualMs: { not: null } },
      orderBy: { endedAt: "desc" },
      take: 200,
      select: { id: true, systemId: true, mode: true, endedAt: true, rtoActualMs: true, rpoActualMs: true },
    }),
  ]);
  const configuration = loaded?.configuration ?? null;
  return {
    now,
    configuration,
    rows,
    declarations,
    reaches,
    backups,
    attempts,
    successes,
    missed,
    proofs,
    verdicts,
    verifier: verifier.state,
    measures,
  };
}

/** One row for each system, read from the index: a system may have years of backups. */
function newestBackups(ctx: Ctx, systemIds: string[], states: readonly BackupState[]): Promise<BackupFact[]> {
  return ctx.db.$queryRaw<BackupFact[]>`
    SELECT DISTINCT ON (system_id)
      id::text AS id, system_id::text AS "systemId", started_at AS "startedAt", ended_at AS "endedAt", state
    FROM backups
    WHERE system_id = ANY(${systemIds}::uuid[]) AND state = ANY(${[...states]})
    ORDER BY system_id, started_at DESC`;
}

function newestVerdicts(ctx: Ctx, systemIds: string[]): Promise<SystemFacts["verdicts"]> {
  return ctx.db.$queryRaw<SystemFacts["verdicts"]>`
    SELECT DISTINCT ON (system_id) system_id::text AS "systemId", verdict, at
    FROM verifications WHERE system_id = ANY(${systemIds}::uuid[]) ORDER BY system_id, at DESC`;
}

function repositoriesOf(declaration: SystemDeclaration | undefined): string[] {
  // An incremental goes where its full is: what it is stored in beside is no place to recover from.
  return [...new Set(declaredBackups(declaration).flatMap(({ type, to }) => (type === "incremental" ? [] : to)))];
}
