import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { AUDITOR, OPERATOR, type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { declareEstate, forgetHistory, watchAudit } from "@/lib/db/test-estate";
import { beginMemoryEstate, shipEverything, shipUntil, takeFull } from "@/lib/db/test-protection";
import type { DatabaseEngine } from "@/lib/engines/database/port";
import { type MemoryEngines, openMemoryEngines } from "@/lib/engines/memory-engines";
import { openMemoryStore } from "@/lib/engines/object-store/memory/engine";
import { FaultyStore, storeFailure } from "@/lib/engines/object-store/memory/faulty";
import {
  EngineError,
  ForbiddenError,
  NotFoundError,
  PreconditionError,
  RefusedError,
  ValidationError,
} from "@/lib/kernel/errors";
import { repositoryKeys } from "@/lib/repositories";
import { abortRun, getRun, listRunLog, performRun } from "@/lib/runs";
import type { RunDetail } from "@/lib/runs/schemas";
import { planRestore, startRestore } from ".";

let database: TestDatabase;
let engines: MemoryEngines;
let stores: Record<"primary" | "secondary", FaultyStore>;
let auditSince: () => Promise<string[]>;
const signal = new AbortController().signal;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  ({ engines, stores } = await beginMemoryEstate(database));
  engines = openMemoryEngines({ now: () => database.clock.now() });
  stores = { primary: new FaultyStore(openMemoryStore()), secondary: new FaultyStore(openMemoryStore()) };
  for (const [name, store] of Object.entries(stores)) engines.stores.set(name, store);
});

const server = () => engines.mariadb.server;

/** One order and one heartbeat, in a second of its own. Returns the order's GTID. */
function work(count: number): string {
  database.clock.advance(1_000);
  const gtid = server().write(`order ${count}`);
  server().beat(BigInt(count));
  return gtid;
}

/** Orders 1 to 3, a full, orders 4 to 6 in the log, over two files. */
async function protect(): Promise<{ backupId: string; gtids: string[] }> {
  const gtids = [1, 2, 3].map(work);
  await shipEverything(database, engines);
  database.clock.advance(500);
  const backupId = await takeFull(database, engines);
  gtids.push(work(4), work(5));
  server().rotate();
  gtids.push(work(6));
  await shipEverything(database, engines);
  return { backupId, gtids };
}

async function restore(input: Partial<Parameters<typeof startRestore>[1]> = {}): Promise<RunDetail> {
  const { runId } = await startRestore(database.ctx(OPERATOR), { system: "database", ...input });
  await performRun(database.jobCtx(engines), runId, planRestore);
  return getRun(database.ctx(VIEWER), { id: runId });
}

const scratches = () => [...engines.mariadb.machine.scratches.values()];
const orders = () => scratches()[0]?.tables.get("shop.orders");
const upTo = (count: number) => Array.from({ length: count }, (_, index) => `order ${index + 1}`);
const messages = async (run: RunDetail) =>
  (await listRunLog(database.ctx(VIEWER), { id: run.id })).lines.map((line) => line.message).join("\n");

async function keysOf(store: FaultyStore, prefix = "systems/"): Promise<string[]> {
  const keys: string[] = [];
  for await (const object of store.inner.list(prefix, { signal })) keys.push(object.key);
  return keys;
}
const nameOf = (key: string) => key.split("/").at(-1) ?? "";
const segmentsOf = async (store: FaultyStore, file: string) =>
  (await keysOf(store)).filter((key) => repositoryKeys.parseSegmentName(nameOf(key))?.file === file);

async function flipByte(store: FaultyStore, key: string): Promise<void> {
  const bytes: Buffer[] = [];
  for await (const chunk of await store.inner.get(key, { signal })) bytes.push(Buffer.from(chunk as Buffer));
  const whole = Buffer.concat(bytes);
  const at = Math.floor(whole.length / 2);
  whole[at] = (whole[at] ?? 0) ^ 1;
  await store.inner.replace(key, whole, { signal });
}

/** Nothing of a failed restore is left on the machine. */
function expectNothingLeft(): void {
  expect(scratches()).toEqual([]);
  expect([...engines.mariadb.machine.files.keys()]).toEqual([]);
}

describe("a restore", () => {
  test("to the newest point brings everything back that a repository has, and says where it ended", async () => {
    const { backupId } = await protect();
    auditSince = await watchAudit(database);
    const run = await restore();
    expect(run).toMatchObject({ state: "succeeded", error: null });
    expect(orders()).toEqual(upTo(6));
    expect(scratches()[0]).toMatchObject({ state: "safe" });
    expect(run.result).toMatchObject({
      backupId,
      fromRepository: "primary",
      restoredTo: { gtid: "0-1-12", file: "binlog.000002", time: "2026-11-23T10:00:06.500Z" },
    });
    expect(await auditSince()).toEqual(["restore.started", "run.started", "run.completed", "restore.completed"]);
  });

  test("to a GTID ends with it, and before one ends right before it", async () => {
    const { gtids } = await protect();
    await restore({ at: `gtid:${gtids[4]}` });
    expect(orders()).toEqual(upTo(5));
    engines.mariadb.machine.scratches.clear();
    await restore({ at: `before-gtid:${gtids[4]}` });
    expect(orders()).toEqual(upTo(4));
  });

  test("to a time ends before the first heartbeat after it", async () => {
    await protect();
    const run = await restore({ at: "2026-11-23T10:00:05.499Z" });
    expect(orders()).toEqual(upTo(5)); // order 5 stands before the heartbeat of 10:00:05.500
    expect(run.result).toMatchObject({ restoredTo: { time: "2026-11-23T10:00:04.500Z", resolutionMs: 1_000 } });
  });

  test("to a point that the log does not reach is refused with the nearest that it does, and leaves nothing", async () => {
    await protect();
    const run = await restore({ at: "2026-11-23T10:30:00Z" });
    expect(run).toMatchObject({ state: "failed", error: { code: "REFUSED" } });
    expect(run.error?.hint).toContain("2026-11-23T10:00:06.500Z");
    expectNothingLeft();
  });

  test("to a time before every backup is refused with the earliest that can be reached", async () => {
    await protect();
    const run = await restore({ at: "2026-11-23T10:00:01Z" });
    expect(run).toMatchObject({ state: "failed", error: { code: "REFUSED" } });
    expect(run.error?.hint).toContain("earliest");
  });

  test("needs no catalogue: the bucket and the key are enough", async () => {
    await protect();
    await forgetHistory(database);
    expect(await restore({ from: "secondary" })).toMatchObject({ state: "succeeded" });
    expect(orders()).toEqual(upTo(6));
  });

  test("goes to the other repository when the first does not answer, or is damaged at its head", async () => {
    await protect();
    stores.primary.fail("the site is gone");
    expect(await restore()).toMatchObject({ state: "succeeded", result: { fromRepository: "secondary" } });
    engines.mariadb.machine.scratches.clear();
    stores.primary.fail(null);
    await stores.primary.inner.replace("holdfast.json", Buffer.from("{"), { signal });
    expect(await restore()).toMatchObject({ state: "succeeded", result: { fromRepository: "secondary" } });
  });

  test("fails with the reason when no repository answers", async () => {
    await protect();
    for (const store of Object.values(stores)) store.fail("the site is gone");
    expect(await restore()).toMatchObject({ state: "failed", error: { message: "the site is gone" } });
  });

  test("that is aborted is cleaned up", async () => {
    await protect();
    const { runId } = await startRestore(database.ctx(OPERATOR), { system: "database" });
    const loading = Promise.withResolvers<void>();
    vi.spyOn(engines.mariadb as DatabaseEngine, "load").mockImplementation(async (...[, sql, { signal: stop }]) => {
      loading.resolve();
      await new Promise((resolve) => stop.addEventListener("abort", resolve));
      sql.destroy();
      stop.throwIfAborted();
    });
    const performing = performRun(database.jobCtx(engines), runId, planRestore);
    await loading.promise;
    await abortRun(database.ctx(OPERATOR), { id: runId });
    await performing;
    expect(await getRun(database.ctx(VIEWER), { id: runId })).toMatchObject({ state: "aborted", error: null });
    expectNothingLeft();
  });
});

describe("what a dying runner left in the repository", () => {
  const backupKeys = async (store: FaultyStore) => (await keysOf(store)).filter((key) => !key.includes("/log/"));

  test("without a manifest does not count as a backup", async () => {
    await protect();
    for (const key of await backupKeys(stores.primary)) {
      if (key.endsWith("manifest.json")) await stores.primary.inner.delete(key, { signal });
    }
    const run = await restore({ from: "primary" });
    expect(run).toMatchObject({ state: "failed", error: { code: "PRECONDITION" } });
    expect(run.error?.message).toContain("holds no backup");
  });

  test("as a backup whose signature does not fit is left out, said, and the one before is taken", async () => {
    const { backupId } = await protect();
    database.clock.advance(1_000);
    const newer = await takeFull(database, engines);
    await stores.primary.inner.delete(repositoryKeys.signatureKey(repositoryKeys.manifestKey("database", newer)), {
      signal,
    });
    const run = await restore({ from: "primary" });
    expect(run).toMatchObject({ state: "succeeded", result: { backupId } });
    expect(await messages(run)).toContain("is not signed");
    expect(orders()).toEqual(upTo(6));
  });

  test("as a compacted log without its signed facts is left out, and its segments are taken", async () => {
    await protect();
    // As it lies there when the runner died between the object and its facts.
    const [segment = ""] = await segmentsOf(stores.primary, "binlog.000001");
    const prefix = segment.slice(0, -nameOf(segment).length);
    await stores.primary.inner.put(`${prefix}binlog.000001.zst.age`, Buffer.from("half"), { signal });
    expect(await restore({ from: "primary" })).toMatchObject({ state: "succeeded" });
    expect(orders()).toEqual(upTo(6));
  });

  test("as the log that is compacted while it is fetched comes from the file on where its segments were gone", async () => {
    await protect();
    // Nothing is compacted before the restore has begun to read.
    stores.primary.before = (operation, key) => {
      if (operation === "put" && key.endsWith(".json.sig")) throw storeFailure("not yet");
    };
    server().rotate();
    work(7);
    await shipEverything(database, engines);
    const read: string[] = [];
    let isCompacted = false;
    stores.primary.before = async (operation, key) => {
      if (operation !== "get" || !/binlog\.\d{6}\..*\.age$/.test(key)) return;
      read.push(nameOf(key));
      if (isCompacted || !key.includes("binlog.000002")) return;
      isCompacted = true;
      const compacted = { repository: { name: "primary" }, compactedAt: { not: null } };
      await shipUntil(database, engines, async () => (await database.db.logCoverage.count({ where: compacted })) === 2);
    };
    const run = await restore({ from: "primary" });
    expect(run).toMatchObject({ state: "succeeded" });
    expect(await messages(run)).toContain("compacted meanwhile");
    expect(orders()).toEqual(upTo(7));
    // Once, in whichever form it lay there: as segments, or closed already.
    const first = read.filter((name) => name.startsWith("binlog.000001"));
    const isClosed = first.includes("binlog.000001.zst.age");
    expect(first).toHaveLength(isClosed ? 1 : new Set(first).size);
    expect(read).toContain("binlog.000002.zst.age");
  });
});

describe("damage", () => {
  test("of the data is named as such, and nothing of it is left", async () => {
    const { backupId } = await protect();
    await flipByte(stores.primary, `${repositoryKeys.backupPrefix("database", backupId)}dump.sql.zst.age`);
    const run = await restore({ from: "primary" });
    expect(run).toMatchObject({ state: "failed", error: { code: "DAMAGED" } });
    expect(run.error?.message).toContain("dump.sql.zst.age");
    expectNothingLeft();
  });

  test("by a cut is named as such", async () => {
    const { backupId } = await protect();
    const key = `${repositoryKeys.backupPrefix("database", backupId)}dump.sql.zst.age`;
    await stores.primary.inner.replace(key, Buffer.from("short"), { signal });
    expect(await restore({ from: "primary" })).toMatchObject({ state: "failed", error: { code: "DAMAGED" } });
  });

  test("of a segment fails the restore, with its cause", async () => {
    await protect();
    const [segment] = await segmentsOf(stores.primary, "binlog.000002");
    await flipByte(stores.primary, segment ?? "");
    expect(await restore({ from: "primary" })).toMatchObject({ state: "failed" });
    expectNothingLeft();
  });

  test("of a segment that was replaced by another one, well sealed, is found by its name", async () => {
    await protect();
    const [key = ""] = await segmentsOf(stores.primary, "binlog.000002");
    const forged = Buffer.from(server().bytesOf("binlog.000002").toString().replace("order 6", "order 9"));
    const { output, done } = engines.envelope.seal(Readable.from([forged]), { recipients: ["age1"], signal });
    await stores.primary.inner.replace(key, await buffer(output), { signal });
    await done;
    const run = await restore({ from: "primary" });
    expect(run).toMatchObject({ state: "failed", error: { code: "DAMAGED" } });
    expect(run.error?.message).toContain(nameOf(key));
  });

  test("as a missing segment ends what can be reached before it, and says so", async () => {
    const { gtids } = await protect();
    for (const key of await keysOf(stores.primary, "systems/database/log/")) {
      if (nameOf(key).startsWith("binlog.000002")) await stores.primary.inner.delete(key, { signal });
    }
    expect(await restore({ from: "primary" })).toMatchObject({ state: "succeeded" });
    expect(orders()).toEqual(upTo(5));
    engines.mariadb.machine.scratches.clear();
    expect(await restore({ from: "primary", at: `gtid:${gtids[5]}` })).toMatchObject({
      state: "failed",
      error: { code: "REFUSED" },
    });
  });

  test("as a missing file in the middle of the log ends it there: what lies behind is not applied", async () => {
    await protect();
    server().rotate();
    work(7);
    await shipEverything(database, engines);
    for (const key of await keysOf(stores.primary, "systems/database/log/")) {
      if (nameOf(key).startsWith("binlog.000002")) await stores.primary.inner.delete(key, { signal });
    }
    const run = await restore({ from: "primary" });
    expect(run).toMatchObject({ state: "succeeded" });
    expect(orders()).toEqual(upTo(5));
    expect(await messages(run)).toContain("the log has a hole at binlog.000002");
  });

  test("as the missing file of the full's own position leaves the full alone", async () => {
    await protect();
    for (const key of await keysOf(stores.primary, "systems/database/log/")) {
      if (nameOf(key).startsWith("binlog.000001")) await stores.primary.inner.delete(key, { signal });
    }
    const run = await restore({ from: "primary" });
    expect(run).toMatchObject({ state: "succeeded" });
    expect(orders()).toEqual(upTo(3));
    expect(await messages(run)).toContain("no log follows this full");
  });

  test("is not what a wrong key is: that is told as the key", async () => {
    await protect();
    await declareEstate(database, (estate) => {
      estate.keys.identityFile = "/memory/another.txt";
    });
    const run = await restore();
    expect(run).toMatchObject({ state: "failed", error: { code: "ENGINE" } });
    expect(run.error?.message).toContain("the key does not open it");
  });

  test("is not what a failing load is: that is told with the database's own words, once", async () => {
    await protect();
    engines.mariadb.machine.loadError = new EngineError("the disk of the scratch server is full", {
      engine: "mariadb",
      operation: "load",
      permanent: false,
      hint: "Make room.",
    });
    const run = await restore();
    expect(run).toMatchObject({
      state: "failed",
      attempts: 1,
      error: { code: "ENGINE", message: "the disk of the scratch server is full", hint: "Make room." },
    });
    expectNothingLeft();
  });
});

describe("where a restore goes", () => {
  test("a directory of the person's is left to them, with the data", async () => {
    await protect();
    const run = await restore({ to: "dir:/srv/restored" });
    expect(run).toMatchObject({ state: "succeeded" });
    expect(engines.mariadb.machine.scratches.get("/srv/restored")?.tables.get("shop.orders")).toEqual(upTo(6));
    expect(engines.mariadb.machine.foreign.has("/srv/restored")).toBe(true);
  });

  test("a directory that holds something is refused, and nothing in it is touched", async () => {
    await protect();
    engines.mariadb.machine.foreign.add("/srv/precious");
    const run = await restore({ to: "dir:/srv/precious" });
    expect(run).toMatchObject({ state: "failed" });
    expect(run.error?.message).toContain("is not empty");
    expect(engines.mariadb.machine.foreign.has("/srv/precious")).toBe(true);
    expect(scratches()).toEqual([]);
  });

  test("a run that is taken over makes room for itself where its dead runner had begun to load", async () => {
    await protect();
    const { runId } = await startRestore(database.ctx(OPERATOR), { system: "database", to: "dir:/srv/restored" });
    const runner = new AbortController();
    const load = vi.spyOn(engines.mariadb as DatabaseEngine, "load").mockImplementation((...[, sql]) => {
      sql.destroy();
      runner.abort();
      return Promise.reject(runner.signal.reason as Error);
    });
    const letGo = vi
      .spyOn(engines.mariadb, "removeScratch")
      .mockRejectedValue(new Error("killed: it cleans nothing up"));
    await expect(performRun(database.jobCtx(engines, runner.signal), runId, planRestore)).rejects.toThrow();
    load.mockRestore();
    letGo.mockRestore();
    expect(scratches()).toHaveLength(1);
    await performRun(database.jobCtx(engines), runId, planRestore);
    expect(await getRun(database.ctx(VIEWER), { id: runId })).toMatchObject({ state: "succeeded", attempts: 2 });
    expect(orders()).toEqual(upTo(6));
  });

  test("a runner that is stopped frees its throw-away server", async () => {
    await protect();
    const { runId } = await startRestore(database.ctx(OPERATOR), { system: "database" });
    const runner = new AbortController();
    vi.spyOn(engines.mariadb as DatabaseEngine, "load").mockImplementationOnce((...[, sql]) => {
      sql.destroy();
      runner.abort();
      return Promise.reject(runner.signal.reason as Error);
    });
    await expect(performRun(database.jobCtx(engines, runner.signal), runId, planRestore)).rejects.toThrow();
    expectNothingLeft();
    expect(await getRun(database.ctx(VIEWER), { id: runId })).toMatchObject({ state: "running" });
  });
});

describe("starting a restore", () => {
  const start = (input: object, actor = OPERATOR) =>
    startRestore(database.ctx(actor), { system: "database", ...input });

  test("writes the run, its job and its event together", async () => {
    auditSince = await watchAudit(database);
    const { runId } = await start({ at: "latest", reason: "a look at March" });
    const run = await getRun(database.ctx(VIEWER), { id: runId });
    expect(run).toMatchObject({
      kind: "restore",
      state: "queued",
      reason: "a look at March",
      parameters: { to: "scratch" },
    });
    expect(await auditSince()).toEqual(["restore.started"]);
  });

  test("of something, to somewhere or from somewhere that is not declared is refused", async () => {
    await expect(start({ system: "nothing" })).rejects.toThrow(NotFoundError);
    await expect(start({ to: "nowhere" })).rejects.toThrow(NotFoundError);
    await expect(start({ to: "dir:relative" })).rejects.toThrow(NotFoundError);
    await expect(start({ from: "tertiary" })).rejects.toThrow(NotFoundError);
    await expect(start({ system: "mail" })).rejects.toThrow(PreconditionError);
  });

  test("to a target that only a live recovery may use is refused by the guard", async () => {
    await expect(start({ to: "standby" })).rejects.toThrow(RefusedError);
    expect(await start({ to: "staging" })).toHaveProperty("runId");
  });

  test("to something that is no point is refused before anything is written", async () => {
    for (const at of ["yesterday", "2026-11-23T10:00:00", "gtid:1-2", "gtid:0-1-3;DROP"]) {
      await expect(start({ at })).rejects.toThrow(ValidationError);
    }
    expect(await database.db.run.count()).toBe(0);
  });

  test("needs the right", async () => {
    for (const actor of [VIEWER, AUDITOR]) await expect(start({}, actor)).rejects.toThrow(ForbiddenError);
    expect(await database.db.run.count()).toBe(0);
  });
});
