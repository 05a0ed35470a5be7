import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { planBackup, startBackup } from "@/lib/backups";
import { OPERATOR, type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { type TestEstate, declareEstate } from "@/lib/db/test-estate";
import { type MemoryEstate, beginMemoryEstate, shipEverything, takeFull } from "@/lib/db/test-protection";
import { getRun, listRunLog, performRun } from "@/lib/runs";
import { planRestore, startRestore } from ".";

/** A database's backups know the secrets that its data was written with, and a restore beside others says so. */

const ROOT = "/app/secrets";

let database: TestDatabase;
let estate: MemoryEstate;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  estate = await beginMemoryEstate(database);
  await declareEstate(database, withSecrets("primary"));
  estate.engines.files.trees.set(ROOT, { ".env": "APP_KEY=base64:one" });
  estate.engines.mariadb.server.write("order 1");
  await shipEverything(database, estate.engines);
});

const withSecrets =
  (site: string) =>
  ({ systems }: TestEstate): void => {
    Object.assign(systems, {
      secrets: {
        kind: "files",
        impact: "high",
        rto: "6h",
        rpo: "24h",
        path: ROOT,
        secrets: true,
        runner: { site },
        backup: { full: { to: ["primary"] } },
      },
    });
  };

const manifestOf = async (id: string) => (await database.db.backup.findUniqueOrThrow({ where: { id } })).manifest;

async function restore() {
  const { runId } = await startRestore(database.ctx(OPERATOR), { system: "database" });
  await performRun(database.jobCtx(estate.engines), runId, planRestore);
  const run = await getRun(database.ctx(VIEWER), { id: runId });
  const { lines } = await listRunLog(database.ctx(VIEWER), { id: runId });
  return { run, said: lines.map(({ message }) => message).join("\n") };
}

test("a full tells their fingerprint and nothing of them, and a restore beside the same ones is quiet", async () => {
  const manifest = await manifestOf(await takeFull(database, estate.engines));
  expect(manifest).toMatchObject({
    secrets: {
      system: "secrets",
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      asOf: "2026-11-23T10:00:00.000Z",
    },
  });
  expect(JSON.stringify(manifest)).not.toContain("APP_KEY");
  const { run, said } = await restore();
  expect(run).toMatchObject({ state: "succeeded", result: { secrets: "same" } });
  expect(said).not.toMatch(/secrets/);
});

test("a restore beside others warns before anything is loaded, and goes on", async () => {
  await takeFull(database, estate.engines);
  estate.engines.files.trees.set(ROOT, { ".env": "APP_KEY=base64:two" });
  const { run, said } = await restore();
  expect(run).toMatchObject({ state: "succeeded", result: { secrets: "different" } });
  const find = await database.db.runStep.findFirstOrThrow({ where: { runId: run.id, key: "find" } });
  expect(find.outcome).toMatchObject({ secrets: "different" });
  expect(said).toMatch(/secrets of this backup are others than those in use/);
});

test("those of another machine are known by their newest backup; without one nothing is known, and that is said", async () => {
  await declareEstate(database, withSecrets("dr"));
  expect(await manifestOf(await takeFull(database, estate.engines))).toMatchObject({ secrets: null });
  const { runId } = await startBackup(database.ctx(OPERATOR), { system: "secrets" });
  await performRun(database.jobCtx(estate.engines), runId, planBackup);
  database.clock.advance(60_000);
  expect(await manifestOf(await takeFull(database, estate.engines))).toMatchObject({
    secrets: { system: "secrets", asOf: "2026-11-23T10:00:00.000Z" },
  });
  expect((await restore()).run.result).toMatchObject({ secrets: "same" });
});
