/* A database that is backed up, for `*.int.test.ts` of what needs a backup: taken by the product's own plans, in memory. */
import { planBackup, shipLog, startBackup } from "@/lib/backups";
import { type MemoryEngines, openMemoryEngines } from "@/lib/engines/memory-engines";
import { openMemoryStore } from "@/lib/engines/object-store/memory/engine";
import { FaultyStore } from "@/lib/engines/object-store/memory/faulty";
import { waitFor } from "@/lib/kernel/wait-for";
import { performRun } from "@/lib/runs";
import { OPERATOR, type TestDatabase, systemActor } from "./test-database";
import { declareEstate, forgetHistory, watchAudit } from "./test-estate";

const POLL_MS = 10;

export interface MemoryEstate {
  /** Of the declared database. */
  systemId: string;
  engines: MemoryEngines;
  /** Of its two repositories; they can be told to fail. */
  stores: Record<"primary" | "secondary", FaultyStore>;
  /** Actions that the audit log has got since. */
  auditSince: () => Promise<string[]>;
}

/** The declared estate at ten o'clock, without a history, on engines in memory. */
export async function beginMemoryEstate(database: TestDatabase): Promise<MemoryEstate> {
  await forgetHistory(database);
  database.clock.set("2026-11-23T10:00:00Z");
  const systemId = await declareEstate(database);
  const engines = openMemoryEngines({ now: () => database.clock.now() });
  const stores = { primary: new FaultyStore(openMemoryStore()), secondary: new FaultyStore(openMemoryStore()) };
  for (const [name, store] of Object.entries(stores)) engines.stores.set(name, store);
  return { systemId, engines, stores, auditSince: await watchAudit(database) };
}

/** Takes a full backup to its end. @returns its id; rejects when it did not succeed */
export async function takeFull(database: TestDatabase, engines: MemoryEngines): Promise<string> {
  const { runId } = await startBackup(database.ctx(OPERATOR), { system: "database" });
  await performRun(database.jobCtx(engines), runId, planBackup);
  const run = await database.db.run.findUniqueOrThrow({ where: { id: runId } });
  if (run.state !== "succeeded" || !run.backupId) throw new Error(`the backup ${run.state}: ${run.errorMessage}`);
  return run.backupId;
}

/** Ships everything that the server has logged to every repository, then stops. */
export async function shipEverything(database: TestDatabase, engines: MemoryEngines): Promise<void> {
  const { file, offset } = engines.mariadb.server.position;
  const repositories = await database.db.repository.count({ where: { removedAt: null } });
  await shipUntil(database, engines, async () => {
    const there = await database.db.logCoverage.count({ where: { file, endOffset: { gte: offset } } });
    return there === repositories;
  });
}

/** Ships the log, and compacts what is closed of it, until `isEnough`; then stops. */
export async function shipUntil(
  database: TestDatabase,
  engines: MemoryEngines,
  isEnough: () => Promise<boolean>,
): Promise<void> {
  const stopping = new AbortController();
  const ctx = { ...database.jobCtx(engines, stopping.signal), actor: systemActor("runner") };
  const shipping = shipLog(ctx, "database");
  const enough = untilTrue(isEnough, stopping.signal);
  await Promise.race([shipping, enough]);
  stopping.abort();
  await shipping;
}

async function untilTrue(isEnough: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await isEnough())) await waitFor(POLL_MS, signal);
}
