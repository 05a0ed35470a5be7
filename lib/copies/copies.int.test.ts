import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AUDITOR, OPERATOR, type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { declareEstate, watchAudit } from "@/lib/db/test-estate";
import { beginMemoryEstate, shipEverything, takeFull } from "@/lib/db/test-protection";
import type { MemoryEngines } from "@/lib/engines/memory-engines";
import { type FaultyStore, storeFailure } from "@/lib/engines/object-store/memory/faulty";
import { ForbiddenError, NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import { repositoryKeys } from "@/lib/repositories";
import { getRun, listRunLog, performRun } from "@/lib/runs";
import type { RunDetail } from "@/lib/runs/schemas";
import { planCheck, planRepair, startCheck, startRepair } from ".";

let database: TestDatabase;
let engines: MemoryEngines;
let stores: Record<"primary" | "secondary", FaultyStore>;
let backupId: string;
let auditSince: () => Promise<string[]>;
const go = { signal: new AbortController().signal };

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.db.repositoryOrphan.deleteMany();
  ({ engines, stores } = await beginMemoryEstate(database));
  const { server } = engines.mariadb;
  server.write("order 1");
  server.beat(1n);
  await shipEverything(database, engines);
  database.clock.advance(1_000);
  backupId = await takeFull(database, engines);
  server.write("order 2");
  server.rotate();
  server.write("order 3");
  server.beat(2n);
  await shipEverything(database, engines);
  database.clock.advance(60_000);
  auditSince = await watchAudit(database);
});

type Place = keyof typeof stores;

async function check(repository: Place = "primary", read: "share" | "all" = "share"): Promise<RunDetail> {
  const { runId } = await startCheck(database.ctx(OPERATOR), { repository, read });
  await performRun(database.jobCtx(engines), runId, planCheck);
  return getRun(database.ctx(VIEWER), { id: runId });
}
async function repair(repository: Place): Promise<RunDetail> {
  const { runId } = await startRepair(database.ctx(OPERATOR), { repository });
  await performRun(database.jobCtx(engines), runId, planRepair);
  return getRun(database.ctx(VIEWER), { id: runId });
}

const dataKey = () => `${repositoryKeys.backupPrefix("database", backupId)}dump.sql.zst.age`;
const manifestKey = () => repositoryKeys.manifestKey("database", backupId);
const stateOf = async () => (await database.db.backup.findUniqueOrThrow({ where: { id: backupId } })).state;
const copyIn = async (place: Place) =>
  database.db.backupCopy.findFirstOrThrow({ where: { backupId, repository: { name: place } } });
const logsIn = async (place: Place) =>
  (await database.db.logCoverage.findMany({ where: { repository: { name: place } }, orderBy: { file: "asc" } })).map(
    ({ file, state }) => `${file} ${state}`,
  );
const keysOf = async (place: Place, prefix = "systems/") =>
  (await Array.fromAsync(stores[place].inner.list(prefix, go))).map(({ key }) => key);
const bytesOf = async (place: Place, key: string) => buffer(await stores[place].inner.get(key, go));
const log = async (run: RunDetail) =>
  (await listRunLog(database.ctx(VIEWER), { id: run.id })).lines.map(({ message }) => message).join("\n");

async function flipByte(place: Place, key: string): Promise<void> {
  const bytes = Buffer.from(await bytesOf(place, key));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await stores[place].inner.replace(key, bytes, go);
}
async function deleteBelow(place: Place, prefix: string): Promise<void> {
  for (const key of await keysOf(place, prefix)) await stores[place].inner.delete(key, go);
}

async function deleteLog(place: Place, file: string): Promise<void> {
  for (const key of await keysOf(place, "systems/database/log/")) {
    if (key.includes(`/${file}.`)) await stores[place].inner.delete(key, go);
  }
}

describe("a check", () => {
  test("of a whole repository finds nothing, says so, and when each copy was looked at", async () => {
    const run = await check();
    expect(run).toMatchObject({
      state: "succeeded",
      result: {
        repository: "primary",
        backups: { present: 1, missing: 0, damaged: 0 },
        logs: { present: 2, missing: 0, damaged: 0 },
        orphans: 0,
      },
    });
    expect(run.result?.readBytes).toBeGreaterThan(0);
    expect((await copyIn("primary")).checkedAt).toEqual(database.clock.now());
    expect((await database.db.repository.findUniqueOrThrow({ where: { name: "primary" } })).examinedAt).not.toBeNull();
    expect(await auditSince()).toEqual([
      "repository.check-started",
      "run.started",
      "repository.checked",
      "run.completed",
    ]);
  });

  test.each([
    ["its manifest", manifestKey, "missing", "its manifest is not there"],
    ["its signature", () => `${manifestKey()}.sig`, "damaged", "is not signed"],
    ["its data", dataKey, "missing", "dump.sql.zst.age"],
  ])("finds a copy that lacks %s: the backup is not complete any more", async (...[, keyOf, state, error]) => {
    await stores.primary.inner.delete(keyOf(), go);
    expect(await check()).toMatchObject({ state: "succeeded" });
    expect(await copyIn("primary")).toMatchObject({ state, error: expect.stringContaining(error) as string });
    expect(await copyIn("secondary")).toMatchObject({ state: "present" });
    expect(await stateOf()).toBe("incomplete");
    expect((await auditSince()).filter((action) => action === "copy.lost")).toHaveLength(1);
    await check();
    expect((await auditSince()).filter((action) => action === "copy.lost")).toHaveLength(1);
  });

  test.each([
    ["one changed byte", () => flipByte("primary", dataKey()), "does not fit its digest"],
    ["a byte too few", () => cut(dataKey()), "bytes in the place of"],
    ["a changed manifest", () => flipByte("primary", manifestKey()), "does not fit its signature"],
  ])("finds %s", async (_, breakIt, error) => {
    await breakIt();
    await check("primary", "all");
    expect(await copyIn("primary")).toMatchObject({
      state: "damaged",
      error: expect.stringContaining(error) as string,
    });
    expect(await stateOf()).toBe("incomplete");
  });

  async function cut(key: string): Promise<void> {
    const bytes = await bytesOf("primary", key);
    await stores.primary.inner.replace(key, bytes.subarray(0, -1), go);
  }

  test("of a repository from which all was deleted keeps every row: a deletion there is none here", async () => {
    await deleteBelow("primary", "systems/");
    const run = await check();
    expect(run.result).toMatchObject({ backups: { missing: 1 }, logs: { missing: 2 } });
    expect(await stateOf()).toBe("incomplete");
    expect(await database.db.backup.count()).toBe(1);
    expect(await database.db.backupCopy.count()).toBe(2);
    expect(await logsIn("primary")).toEqual(["binlog.000001 missing", "binlog.000002 missing"]);
    expect(await logsIn("secondary")).toEqual(["binlog.000001 present", "binlog.000002 present"]);
  });

  test("that finds a copy again says so, and the backup is complete", async () => {
    const bytes = await bytesOf("primary", dataKey());
    await stores.primary.inner.delete(dataKey(), go);
    await check();
    await stores.primary.inner.put(dataKey(), bytes, go);
    await check();
    expect(await stateOf()).toBe("complete");
    expect(await auditSince()).toEqual(expect.arrayContaining(["copy.lost", "copy.mended"]));
  });

  test("lists what belongs to nothing, and leaves it where it is", async () => {
    const orphans = [
      `${repositoryKeys.backupPrefix("database", backupId)}dump.sql.zst.age.2`,
      "systems/database/00000000-0000-7000-8000-00000000000a/manifest.json",
      "systems/database/log/1/ab/binlog.000001.json",
      "photos/1.jpg",
    ];
    for (const key of orphans) await stores.primary.inner.put(key, Buffer.from("x"), go);
    const run = await check();
    expect(run).toMatchObject({ state: "succeeded", result: { orphans: 4 } });
    expect((await database.db.repositoryOrphan.findMany()).map(({ key }) => key).toSorted()).toEqual(
      orphans.toSorted(),
    );
    for (const key of orphans) expect(await stores.primary.inner.head(key, go)).not.toBeNull();
    await stores.primary.inner.delete("photos/1.jpg", go);
    expect((await check()).result).toMatchObject({ orphans: 3 });
    expect(await stateOf()).toBe("complete");
  });

  test("records nothing where the store could not be asked, looks at the rest, and fails", async () => {
    stores.primary.before = (operation, key) => {
      if (operation === "get" && key === dataKey()) throw storeFailure("the disk hangs");
    };
    const before = await copyIn("primary");
    const run = await check("primary", "all");
    expect(run).toMatchObject({ state: "failed", error: { code: "ENGINE" } });
    expect(run.error?.message).toContain("the disk hangs");
    expect(await copyIn("primary")).toEqual(before);
    expect(await stateOf()).toBe("complete");
  });

  test("of a repository that does not answer says nothing about its copies", async () => {
    stores.primary.fail("nobody answers");
    expect(await check()).toMatchObject({ state: "failed" });
    expect(await copyIn("primary")).toMatchObject({ state: "present" });
    expect(await logsIn("primary")).toEqual(["binlog.000001 present", "binlog.000002 present"]);
    expect(await auditSince()).not.toContain("copy.lost");
  });

  test("neither misses nor brings back what retention has let go of", async () => {
    const primary = { repository: { name: "primary" } };
    await stores.primary.inner.delete(manifestKey(), go);
    await deleteLog("primary", "binlog.000001");
    await database.db.logCoverage.updateMany({
      where: { ...primary, file: "binlog.000001" },
      data: { expiredAt: database.clock.now() },
    });
    for (const state of ["expiring", "expired"]) {
      await database.db.backupCopy.updateMany({ where: { backupId, ...primary }, data: { state } });
      expect(await check()).toMatchObject({
        state: "succeeded",
        result: { backups: { present: 0, missing: 0, damaged: 0 }, logs: { present: 1, missing: 0, damaged: 0 } },
      });
      expect(await repair("primary")).toMatchObject({ state: "succeeded", result: { mended: 0 } });
      expect(await copyIn("primary")).toMatchObject({ state });
    }
    expect(await stateOf()).toBe("complete");
    expect(await auditSince()).not.toContain("copy.lost");
  });

  test("that another runner takes over goes on behind what was looked at", async () => {
    await deleteLog("primary", "binlog.000001");
    const { runId } = await startCheck(database.ctx(OPERATOR), { repository: "primary", read: "all" });
    const dying = new AbortController();
    let reads = 0;
    stores.primary.before = (operation, key) => {
      database.clock.advance(1);
      if (operation === "get" && key === dataKey()) reads += 1;
      if (operation === "list" && key !== "") dying.abort();
    };
    await expect(performRun(database.jobCtx(engines, dying.signal), runId, planCheck)).rejects.toThrow();
    await performRun(database.jobCtx(engines), runId, planCheck);
    const run = await getRun(database.ctx(VIEWER), { id: runId });
    expect(run).toMatchObject({ state: "succeeded", attempts: 2, result: { logs: { present: 1, missing: 1 } } });
    expect(reads).toBe(1);
  });
});

describe("a repair", () => {
  test("brings back what was deleted and what was damaged, from the copy that is right", async () => {
    const good = await bytesOf("secondary", dataKey());
    await flipByte("primary", dataKey());
    await stores.primary.inner.delete(`${manifestKey()}.sig`, go);
    await check("primary", "all");
    expect(await stateOf()).toBe("incomplete");
    const run = await repair("primary");
    expect(run).toMatchObject({ state: "succeeded", result: { repository: "primary", mended: 1 } });
    expect(await bytesOf("primary", dataKey())).toEqual(good);
    expect(await copyIn("primary")).toMatchObject({ state: "present", error: null });
    expect(await stateOf()).toBe("complete");
    expect(await auditSince()).toEqual(expect.arrayContaining(["copy.mended", "repository.repaired"]));
    expect(await check("primary", "all")).toMatchObject({ result: { backups: { present: 1, damaged: 0 } } });
  });

  test("brings back a repository from which everything below it was deleted, log and all", async () => {
    const before = await keysOf("secondary");
    await deleteBelow("primary", "systems/");
    await check();
    const run = await repair("primary");
    expect(await log(run)).not.toContain("could not be mended");
    expect(run).toMatchObject({ state: "succeeded", result: { mended: 3 } });
    expect(await keysOf("primary")).toEqual(before);
    expect((await check("primary", "all")).result).toMatchObject({
      backups: { present: 1, missing: 0 },
      logs: { present: 2, missing: 0 },
    });
    expect(await stateOf()).toBe("complete");
  });

  test("replicates a backup, and a log that went on, to a repository that never had them", async () => {
    const secondary = { repository: { name: "secondary" } };
    await deleteBelow("secondary", repositoryKeys.backupPrefix("database", backupId));
    await database.db.backupCopy.deleteMany({ where: secondary });
    const older = { ...secondary, file: "binlog.000001" };
    await deleteLog("secondary", "binlog.000001");
    await database.db.logCoverage.deleteMany({ where: older });
    expect(await repair("secondary")).toMatchObject({ state: "succeeded", result: { mended: 2 } });
    expect(await copyIn("secondary")).toMatchObject({ state: "present" });
    expect(await logsIn("secondary")).toEqual(["binlog.000001 present", "binlog.000002 present"]);
    // The shipping goes on behind the newest file, as if nothing had been brought.
    engines.mariadb.server.write("order 4");
    await shipEverything(database, engines);
    expect(await logsIn("secondary")).toEqual(["binlog.000001 present", "binlog.000002 present"]);
  });

  test("takes nothing from a source that is damaged itself, and stores nothing of it", async () => {
    await stores.primary.inner.delete(dataKey(), go);
    await check();
    await flipByte("secondary", dataKey());
    const run = await repair("primary");
    expect(run).toMatchObject({ state: "failed", error: { code: "PRECONDITION" } });
    expect(run.error?.message).toContain("does not fit its digest");
    expect(await stores.primary.inner.head(dataKey(), go)).toBeNull();
    expect(await stateOf()).toBe("incomplete");
  });

  test("keeps damaged bytes while there are no better ones", async () => {
    await flipByte("primary", dataKey());
    await flipByte("secondary", dataKey());
    const damaged = await bytesOf("primary", dataKey());
    await check("primary", "all");
    expect(await repair("primary")).toMatchObject({ state: "failed" });
    expect(await bytesOf("primary", dataKey())).toEqual(damaged);
  });

  test("of what no other repository holds fails, and names it", async () => {
    await stores.primary.inner.delete(dataKey(), go);
    await stores.secondary.inner.delete(dataKey(), go);
    await check("primary");
    await check("secondary");
    const run = await repair("primary");
    expect(run.error?.message).toContain(`backup ${backupId}`);
  });

  test("of a whole repository has nothing to do", async () => {
    expect(await repair("secondary")).toMatchObject({ state: "succeeded", result: { mended: 0, copiedBytes: 0 } });
  });
});

describe("starting", () => {
  test("is refused while one of the same repository goes on, and for a repository that is not declared", async () => {
    await startCheck(database.ctx(OPERATOR), { repository: "primary" });
    await expect(startRepair(database.ctx(OPERATOR), { repository: "primary" })).rejects.toThrow(PreconditionError);
    await startRepair(database.ctx(OPERATOR), { repository: "secondary" });
    await expect(startCheck(database.ctx(OPERATOR), { repository: "tertiary" })).rejects.toThrow(NotFoundError);
  });

  test("needs the right", async () => {
    for (const actor of [VIEWER, AUDITOR]) {
      await expect(startCheck(database.ctx(actor), { repository: "primary" })).rejects.toThrow(ForbiddenError);
      await expect(startRepair(database.ctx(actor), { repository: "primary" })).rejects.toThrow(ForbiddenError);
    }
    expect(await auditSince()).toEqual([]);
  });
});

test("a repository that is declared no more as a target of a system gets nothing new", async () => {
  await declareEstate(database, (estate) => {
    estate.systems.database.backup.full.to = ["primary"];
    estate.systems.database.backup.log.to = ["primary"];
  });
  await database.db.backupCopy.deleteMany({ where: { repository: { name: "secondary" } } });
  await database.db.logCoverage.deleteMany({ where: { repository: { name: "secondary" } } });
  expect(await repair("secondary")).toMatchObject({ state: "succeeded", result: { mended: 0 } });
});
