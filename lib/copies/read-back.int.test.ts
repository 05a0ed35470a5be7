import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { watchAudit } from "@/lib/db/test-estate";
import { beginMemoryEstate, shipEverything, takeFull } from "@/lib/db/test-protection";
import type { MemoryEngines } from "@/lib/engines/memory-engines";
import { type FaultyStore, storeFailure } from "@/lib/engines/object-store/memory/faulty";
import { newId } from "@/lib/kernel/ids";
import { repositoryKeys } from "@/lib/repositories";
import { performRun } from "@/lib/runs";
import { planCheck, startReadBacks } from ".";

let database: TestDatabase;
let engines: MemoryEngines;
let stores: Record<"primary" | "secondary", FaultyStore>;
let backupId: string;
const go = { signal: new AbortController().signal };
const MINUTE_MS = 60_000;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  // What the test before left is no new copy any more.
  await database.db.backupCopy.updateMany({ data: { checkedBy: newId() } });
  ({ engines, stores } = await beginMemoryEstate(database));
  engines.mariadb.server.write("order 1");
  await shipEverything(database, engines);
  backupId = await takeFull(database, engines);
  database.clock.advance(MINUTE_MS);
});

/** A tick of the schedule, and what it started to its end. */
async function tick(): Promise<{ state: string; result: unknown }[]> {
  await startReadBacks(database.jobCtx(engines));
  const open = await database.db.run.findMany({ where: { kind: "check", state: "queued" }, orderBy: { title: "asc" } });
  for (const { id } of open) await performRun(database.jobCtx(engines), id, planCheck);
  return database.db.run.findMany({
    where: { id: { in: open.map(({ id }) => id) } },
    orderBy: { title: "asc" },
    select: { state: true, result: true },
  });
}
const dataKey = () => `${repositoryKeys.backupPrefix("database", backupId)}dump.sql.zst.age`;
const copies = async () =>
  (await database.db.backupCopy.findMany({ where: { backupId }, include: { repository: true } })).map(
    ({ repository, state }) => `${repository.name} ${state}`,
  );

test("each copy is read back once, every byte of it, however many runners tick", async () => {
  const ticks = await Promise.all([1, 2, 3].map(() => startReadBacks(database.jobCtx(engines))));
  expect(ticks.reduce((sum, count) => sum + count, 0)).toBe(2);
  const runs = await tick();
  expect(runs).toHaveLength(2);
  const stored = await database.db.backup.findUniqueOrThrow({ where: { id: backupId } });
  for (const [index, repository] of ["primary", "secondary"].entries()) {
    const result = { repository, copies: 1, lost: 0, readBytes: Number(stored.sizeBytes) };
    expect(runs[index]).toEqual({ state: "succeeded", result });
  }
  expect(await tick()).toEqual([]);
});

test("a copy that the store keeps otherwise than it was written makes the backup incomplete", async () => {
  const auditSince = await watchAudit(database);
  const bytes = await buffer(await stores.secondary.inner.get(dataKey(), go));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await stores.secondary.inner.replace(dataKey(), bytes, go);
  expect((await tick()).map(({ result }) => result)).toMatchObject([{ lost: 0 }, { lost: 1 }]);
  expect((await copies()).toSorted()).toEqual(["primary present", "secondary damaged"]);
  expect((await database.db.backup.findUniqueOrThrow({ where: { id: backupId } })).state).toBe("incomplete");
  expect(await auditSince()).toContain("copy.lost");
});

test("a store that cannot be read proves nothing: the run fails, and is tried again after a pause", async () => {
  stores.secondary.before = (operation) =>
    operation === "get" ? Promise.reject(storeFailure("the disk is gone")) : undefined;
  expect((await tick()).map(({ state }) => state)).toEqual(["succeeded", "failed"]);
  expect((await copies()).toSorted()).toEqual(["primary present", "secondary present"]);
  stores.secondary.fail(null);
  database.clock.advance(5 * MINUTE_MS);
  expect(await tick()).toEqual([]);
  database.clock.advance(11 * MINUTE_MS);
  expect((await tick()).map(({ state }) => state)).toEqual(["succeeded"]);
});
