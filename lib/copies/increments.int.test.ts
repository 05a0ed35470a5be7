import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { planBackup, shipLog, startBackup } from "@/lib/backups";
import { OPERATOR, type TestDatabase, VIEWER, openTestDatabase, systemActor } from "@/lib/db/test-database";
import { type TestEstate, declareEstate } from "@/lib/db/test-estate";
import { type MemoryEstate, beginMemoryEstate, shipEverything, takeFull } from "@/lib/db/test-protection";
import { repositoryKeys } from "@/lib/repositories";
import { getRun, performRun } from "@/lib/runs";
import type { RunDetail } from "@/lib/runs/schemas";
import { planCheck, planRepair, rebuildCatalog, startCheck, startRepair } from ".";

let database: TestDatabase;
let estate: MemoryEstate;
let incrementId: string;
const go = { signal: new AbortController().signal };

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  estate = await beginMemoryEstate(database);
  await declareEstate(database, ({ systems }: TestEstate) => {
    systems.database.backup.incremental = { to: ["primary", "secondary"] };
  });
  const { server } = estate.engines.mariadb;
  server.write("order 1");
  server.beat(1n);
  await shipEverything(database, estate.engines);
  await takeFull(database, estate.engines);
  server.write("order 2");
  incrementId = await takeIncrement();
});

async function takeIncrement(): Promise<string> {
  const stopping = new AbortController();
  const ctx = { ...database.jobCtx(estate.engines, stopping.signal), actor: systemActor("runner") };
  const shipping = shipLog(ctx, "database");
  const { runId } = await startBackup(database.ctx(OPERATOR), { system: "database", type: "incremental" });
  await performRun(database.jobCtx(estate.engines), runId, planBackup);
  stopping.abort();
  await shipping;
  return (await detail(runId)).backupId ?? "";
}

const detail = async (runId: string): Promise<RunDetail> => getRun(database.ctx(VIEWER), { id: runId });
async function check(): Promise<RunDetail> {
  const { runId } = await startCheck(database.ctx(OPERATOR), { repository: "primary", read: "all" });
  await performRun(database.jobCtx(estate.engines), runId, planCheck);
  return detail(runId);
}
async function repair(): Promise<RunDetail> {
  const { runId } = await startRepair(database.ctx(OPERATOR), { repository: "primary" });
  await performRun(database.jobCtx(estate.engines), runId, planRepair);
  return detail(runId);
}

async function wipePrimary(): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of estate.stores.primary.inner.list(repositoryKeys.SYSTEMS_PREFIX, go)) keys.push(key);
  for (const key of keys) await estate.stores.primary.inner.delete(key, go);
}

test("the closed logs of an incremental are missed with it, and brought back with it", async () => {
  expect(await check()).toMatchObject({ result: { backups: { present: 2, missing: 0 }, logs: { missing: 0 } } });
  await wipePrimary();
  expect(await check()).toMatchObject({ result: { backups: { present: 0, missing: 2 } } });
  expect(await repair()).toMatchObject({ state: "succeeded" });
  expect(await check()).toMatchObject({ result: { backups: { present: 2, missing: 0 }, logs: { missing: 0 } } });
  expect(await database.db.backup.findUniqueOrThrow({ where: { id: incrementId } })).toMatchObject({
    state: "complete",
  });
});

test("a rebuilt catalogue knows an incremental as it was", async () => {
  const find = () =>
    database.db.backup.findUniqueOrThrow({ where: { id: incrementId }, omit: { runId: true, endedAt: true } });
  const before = await find();
  await database.db.backupCopy.deleteMany();
  await database.db.backup.deleteMany();
  for (const repository of ["primary", "secondary"]) {
    await rebuildCatalog(database.jobCtx(estate.engines), { repository });
  }
  expect(await find()).toEqual(before);
});
