import type { CopyState } from "@/lib/backups/schemas";
import type { Ctx, Tx } from "@/lib/db/context";
import { OPEN_RUN_STATES } from "@/lib/runs/schemas";
import { type Configuration, type SystemDeclaration, declaredBackups } from "@/lib/settings/schemas";
import { type BackupFact, type Freeze, type LogFact, type SystemFacts, findSizeAnomalies } from "./model";

const DAY_MS = 86_400_000;
/** Each is a question to an operator: more than that are not asked at once, and the system stays frozen. */
const FREEZES_MAX = 50;

type Reader = { db: Ctx["db"] | Tx };

/** A declared system that is backed up. */
export interface RetainedSystem {
  id: string;
  name: string;
  logServerId: string | null;
  logIncarnation: string | null;
}

/**
 * What the catalogue says of one system, as of an instant: everything that its retention is decided from, in a fixed
 * number of queries.
 */
export async function readFacts(
  reader: Reader,
  configuration: Configuration,
  { system, now }: { system: RetainedSystem; now: Date },
): Promise<SystemFacts> {
  const { db } = reader;
  const repositories = await db.repository.findMany({
    where: { removedAt: null },
    select: { id: true, name: true },
    orderBy: { createdAt: "asc" },
  });
  const locks = new Map(repositories.map(({ id, name }) => [id, lockMsOf(configuration, name)]));
  const backups = await readBackups(reader, system.id, locks);
  return {
    now,
    system: system.name,
    repositories,
    retain: retainOf(configuration.systems[system.name]),
    keepProven: configuration.retention.keepProven,
    backups,
    logs: await readLogs(reader, system.id, locks),
    freezes: await readFreezes(reader, system.id, backups),
    currentLog:
      system.logServerId !== null && system.logIncarnation !== null
        ? { serverId: system.logServerId, incarnation: system.logIncarnation }
        : null,
  };
}

function retainOf(declaration: SystemDeclaration | undefined): SystemFacts["retain"] {
  return Object.fromEntries(declaredBackups(declaration).map(({ type, retain }) => [type, retain]));
}

function lockMsOf(configuration: Configuration, repository: string): number {
  const declared = configuration.repositories[repository];
  return declared?.kind === "s3" && declared.lock ? declared.lock.days * DAY_MS : 0;
}

/** What the store told counts; before it has, the declared lock from the last instant at which it can have begun. */
function lockEnd(told: Date | null, writtenAt: Date, lockMs: number): Date | null {
  return told ?? (lockMs > 0 ? new Date(writtenAt.getTime() + lockMs) : null);
}

type Locks = ReadonlyMap<string, number>;

async function readBackups({ db }: Reader, systemId: string, locks: Locks): Promise<BackupFact[]> {
  const rows = await db.backup.findMany({
    where: { systemId, copies: { some: { state: { not: "expired" } } } },
    select: {
      id: true,
      type: true,
      method: true,
      parentId: true,
      state: true,
      startedAt: true,
      endedAt: true,
      sizeBytes: true,
      runId: true,
      serverId: true,
      incarnation: true,
      position: true,
      copies: true,
    },
    orderBy: { startedAt: "asc" },
  });
  const [proofs, open] = await Promise.all([
    readProofs({ db }, systemId),
    db.run.findMany({ where: { systemId, state: { in: [...OPEN_RUN_STATES] } }, select: { id: true } }),
  ]);
  const openRuns = new Set(open.map((run) => run.id));
  return rows.map((row) => ({
    id: row.id,
    type: row.type,
    method: row.method,
    parentId: row.parentId,
    state: row.state,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    sizeBytes: row.sizeBytes === null ? null : Number(row.sizeBytes),
    isRunOpen: row.runId !== null && openRuns.has(row.runId),
    serverId: row.serverId,
    incarnation: row.incarnation,
    position: row.position as BackupFact["position"],
    copies: row.copies.map((copy) => ({
      repositoryId: copy.repositoryId,
      state: copy.state as CopyState,
      sizeBytes: Number(copy.sizeBytes ?? 0),
      lockedUntil: lockEnd(copy.lockedUntil, row.endedAt ?? row.startedAt, locks.get(copy.repositoryId) ?? 0),
      provenAt: proofs.get(`${row.id}/${copy.repositoryId}`) ?? null,
    })),
  }));
}

/** When each copy was last proven by a restore from it; a later look that found it bad takes that back. */
async function readProofs({ db }: Reader, systemId: string): Promise<Map<string, Date>> {
  const rows = await db.$queryRaw<{ copy: string; verdict: string; at: Date }[]>`
    SELECT DISTINCT ON (v.backup_id, r.id) v.backup_id::text || '/' || r.id::text AS copy, v.verdict, v.at
    FROM verifications v
    JOIN repositories r ON r.name = v.repository_name OR (v.repository_name IS NULL AND v.verdict = 'backup-bad')
    WHERE v.system_id = ${systemId}::uuid
      AND (v.verdict = 'backup-bad' OR (v.verdict = 'pass' AND v.level IN ('restore', 'replay', 'application')))
    ORDER BY v.backup_id, r.id, v.at DESC, v.verdict = 'backup-bad' DESC`;
  return new Map(rows.flatMap(({ copy, verdict, at }) => (verdict === "pass" ? [[copy, at]] : [])));
}

async function readLogs({ db }: Reader, systemId: string, locks: Locks): Promise<LogFact[]> {
  const rows = await db.logCoverage.findMany({ where: { systemId } });
  return rows.map((row) => ({
    repositoryId: row.repositoryId,
    serverId: row.serverId,
    incarnation: row.incarnation,
    file: row.file,
    isClosed: row.closedAt !== null,
    isCompacted: row.compactedAt !== null,
    settledAt: row.closedAt && row.closedAt > row.updatedAt ? row.closedAt : row.updatedAt,
    sizeBytes: Number(row.storedBytes),
    lockedUntil: lockEnd(row.lockedUntil, row.compactedAt ?? row.updatedAt, locks.get(row.repositoryId) ?? 0),
    isExpiring: row.expiredAt !== null,
  }));
}

/** What freezes the system and was not lifted: proofs that failed, gaps in its log, fulls of an unusual size. */
async function readFreezes({ db }: Reader, systemId: string, backups: readonly BackupFact[]): Promise<Freeze[]> {
  const [lifts, proofs, gaps] = await Promise.all([
    db.retentionLift.findMany({ where: { systemId }, select: { cause: true } }),
    db.$queryRaw<Freeze[]>`
      SELECT 'proof:' || v.id AS cause, 'failed-proof' AS kind, v.at,
             'backup ' || v.backup_id || ' was found bad by level ' || v.level
               || COALESCE(' in repository ' || v.repository_name, '') AS message
      FROM verifications v
      WHERE v.system_id = ${systemId}::uuid AND v.verdict = 'backup-bad' AND NOT EXISTS (
        SELECT 1 FROM retention_lifts l WHERE l.system_id = v.system_id AND l.cause = 'proof:' || v.id)
      ORDER BY v.at DESC LIMIT ${FREEZES_MAX}`,
    db.$queryRaw<Freeze[]>`
      SELECT 'gap:' || g.id AS cause, 'gap' AS kind, g.detected_at AS at,
             'a gap in the log at file ' || g.file || ': ' || g.reason AS message
      FROM log_gaps g
      WHERE g.system_id = ${systemId}::uuid AND NOT EXISTS (
        SELECT 1 FROM retention_lifts l WHERE l.system_id = g.system_id AND l.cause = 'gap:' || g.id)
      ORDER BY g.detected_at DESC LIMIT ${FREEZES_MAX}`,
  ]);
  const lifted = new Set(lifts.map(({ cause }) => cause));
  return [...proofs, ...gaps, ...findSizeAnomalies(backups).filter(({ cause }) => !lifted.has(cause))];
}
