import { afterAll, beforeAll, expect, test } from "vitest";
import { OPERATOR, type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { declareEstate } from "@/lib/db/test-estate";
import { shipEverything, takeFull } from "@/lib/db/test-protection";
import { type MemoryEngines, openMemoryEngines } from "@/lib/engines/memory-engines";
import { startBackup } from "@/lib/backups";
import { startRestore } from "@/lib/recovery";
import { startRunbook } from "@/lib/runbooks";
import { getRun } from "@/lib/runs";
import { startVerification } from "@/lib/verification";
import { performRunJob } from "./perform";

let database: TestDatabase;
let engines: MemoryEngines;
beforeAll(async () => {
  database = await openTestDatabase();
  await declareEstate(database);
  engines = openMemoryEngines({ now: () => database.clock.now() });
  engines.mariadb.server.write("order 1");
  engines.mariadb.server.beat(1n);
  await shipEverything(database, engines);
  await takeFull(database, engines);
});
afterAll(() => database.close());

const ctx = () => database.ctx(OPERATOR);

test.each([
  ["backup", () => startBackup(ctx(), { system: "database" })],
  ["restore", () => startRestore(ctx(), { system: "database" })],
  ["verification", () => startVerification(ctx(), { system: "database" })],
  ["runbook", () => startRunbook(ctx(), { runbook: "database-corruption", mode: "drill" })],
] as const)("a run of kind %s is carried out by the plan of its kind", async (kind, start) => {
  const { runId } = await start();
  await performRunJob(database.jobCtx(engines), { runId });
  expect(await getRun(database.ctx(VIEWER), { id: runId })).toMatchObject({ kind, state: "succeeded" });
});

test("a run of a kind that this runner does not know ends as failed, with the way out", async () => {
  const { runId } = await startBackup(ctx(), { system: "database" });
  await database.db.run.update({ where: { id: runId }, data: { kind: "of-a-later-version" } });
  await performRunJob(database.jobCtx(engines), { runId });
  const run = await database.db.run.findUniqueOrThrow({ where: { id: runId } });
  expect(run).toMatchObject({ state: "failed", errorHint: expect.stringContaining("same version") as string });
});

test("a job of a run that is gone does nothing", async () => {
  const { runId } = await startVerification(ctx(), { system: "database" });
  await database.db.run.delete({ where: { id: runId } });
  await expect(performRunJob(database.jobCtx(engines), { runId })).resolves.toBeUndefined();
});
