import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { beginMemoryEstate, shipEverything, takeFull } from "@/lib/db/test-protection";
import type { MemoryEngines } from "@/lib/engines/memory-engines";
import { performRun } from "@/lib/runs";
import { cleanUploads, listOrphans, listRepositoryDetails, planCheck, startDailyChecks } from ".";

let database: TestDatabase;
let engines: MemoryEngines;
const HOUR_MS = 3_600_000;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  ({ engines } = await beginMemoryEstate(database));
  await database.db.repository.updateMany({ data: { checkClaimedAt: null, cleanedAt: null, examinedAt: null } });
  engines.mariadb.server.write("order 1");
  engines.mariadb.server.beat(1n);
  await shipEverything(database, engines);
  await takeFull(database, engines);
});

const details = () => listRepositoryDetails(database.ctx(VIEWER));

describe("each repository is checked daily", () => {
  test("once, however many runners tick, and not before a copy is a day old", async () => {
    expect(await startDailyChecks(database.jobCtx(engines))).toBe(0);
    database.clock.advance(24 * HOUR_MS);
    const ticks = await Promise.all([1, 2, 3].map(() => startDailyChecks(database.jobCtx(engines))));
    expect(ticks.reduce((sum, count) => sum + count, 0)).toBe(2);
    const runs = await database.db.run.findMany({ where: { kind: "check" } });
    expect(runs.map(({ parameters }) => (parameters as { read: string }).read)).toEqual(["share", "share"]);
    expect((await details()).repositories.every(({ openRunId }) => openRunId !== null)).toBe(true);
    for (const { id } of runs) await performRun(database.jobCtx(engines), id, planCheck);
    database.clock.advance(HOUR_MS);
    expect(await startDailyChecks(database.jobCtx(engines))).toBe(0);
  });

  test("and half uploads are looked for hourly, by one runner", async () => {
    const asked: string[] = [];
    for (const [name, store] of engines.stores) {
      store.abortUnfinishedUploads = (before, { below }) => {
        asked.push(`${name} ${below} ${before.toISOString()}`);
        return Promise.resolve(1);
      };
    }
    expect(await cleanUploads(database.jobCtx(engines))).toBe(2);
    expect(await cleanUploads(database.jobCtx(engines))).toBe(0);
    expect(asked).toEqual(["primary systems/ 2026-11-22T10:00:00.000Z", "secondary systems/ 2026-11-22T10:00:00.000Z"]);
    database.clock.advance(HOUR_MS + 1);
    expect(await cleanUploads(database.jobCtx(engines))).toBe(2);
  });
});

test("what is told of a repository is what lies in it, and how far it lags behind the other", async () => {
  const { server } = engines.mariadb;
  database.clock.advance(5_000);
  server.write("order 2");
  server.beat(2n);
  await shipEverything(database, engines);
  const ahead = await database.db.logCoverage.findFirstOrThrow({ where: { repository: { name: "secondary" } } });
  await database.db.logCoverage.updateMany({
    where: { repositoryId: ahead.repositoryId },
    data: { heartbeatAt: new Date(database.clock.now().getTime() - 4_000) },
  });
  const { repositories, score } = await details();
  expect(repositories).toEqual([
    expect.objectContaining({ name: "primary", lagSeconds: 0, backups: { present: 1, missing: 0, damaged: 0 } }),
    expect.objectContaining({
      name: "secondary",
      lagSeconds: 4,
      examinedAt: null,
      identity: expect.any(String) as string,
    }),
  ]);
  expect(repositories[0]?.storedBytes).toBeGreaterThan(0);
  expect(score.map(({ id, state }) => `${id} ${state}`)).toEqual([
    "copies yes",
    "media no",
    "offsite unknown",
    "immutable no",
    "errors unknown",
  ]);
});

test("orphans are told a page at a time", async () => {
  const { id: repositoryId } = await database.db.repository.findUniqueOrThrow({ where: { name: "primary" } });
  const row = { repositoryId, sizeBytes: 1, modifiedAt: database.clock.now(), reason: "x", seenBy: repositoryId };
  await database.db.repositoryOrphan.createMany({ data: ["a", "b", "c"].map((key) => ({ ...row, key })) });
  const ctx = database.ctx(VIEWER);
  const first = await listOrphans(ctx, { repository: "primary", limit: 2 });
  expect(first.orphans.map(({ key }) => key)).toEqual(["a", "b"]);
  const second = await listOrphans(ctx, { repository: "primary", limit: 2, cursor: first.nextCursor ?? "" });
  expect(second).toMatchObject({ orphans: [{ key: "c" }], nextCursor: null });
});
