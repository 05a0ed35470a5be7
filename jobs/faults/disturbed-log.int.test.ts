import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { honestSize } from "@/bench/size";
import { type CuttingProxy, startCuttingProxy } from "@/demo/mariadb/cutting-proxy";
import { createRandom } from "@/demo/shop/seeded-random";
import { startBackup } from "@/lib/backups";
import { type Ctx, createCtx } from "@/lib/db/context";
import { ADMINISTRATOR, type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { IN_USE_OFFSET } from "@/lib/engines/database/mariadb/log/event-types";
import { createLogger } from "@/lib/kernel/log";
import { startRestore } from "@/lib/recovery";
import { getSystem } from "@/lib/systems";
import { SYSTEM } from "./configuration";
import { holdTable } from "./hold-table";
import { readRecoveredOrders, untilEnded, untilFound, untilLogIsCollected, untilShipped } from "./run-facts";
import { type RunnerProcess, childrenOf } from "./runner-process";
import type { Writer } from "./source-data";
import { readStoredLog } from "./stored-log";
import { type FaultWorld, REPOSITORIES, startFaultWorld } from "./world";

const LONG_MS = honestSize(180_000, 900_000);
/** Of each of the three parts of the storm. */
const PART_MS = honestSize(3_000, 100_000);
const ROTATE_MS = 1_000;
const SEED = 20_261_123;

let database: TestDatabase;
let world: FaultWorld;
let ctx: Ctx;
let line: CuttingProxy;
let runners: RunnerProcess[];

const logOf = async () => {
  const { logServerId, logIncarnation } = await database.db.system.findUniqueOrThrow({ where: { name: SYSTEM } });
  return { serverId: logServerId ?? "", incarnation: logIncarnation ?? "" };
};

/** The server's own files without the flag that says whether one is open. */
async function readServerFiles(): Promise<Map<string, Buffer>> {
  const names = (await readdir(world.source.dataDirectory)).filter((name) => /^binlog\.\d+$/.test(name)).sort();
  const files = await Promise.all(names.map((name) => readFile(join(world.source.dataDirectory, name))));
  for (const bytes of files) bytes.writeUInt8(0, IN_USE_OFFSET);
  return new Map(names.map((name, index) => [name, files[index] ?? Buffer.alloc(0)]));
}

/** The log is rotated each second meanwhile. */
async function rotateFor(durationMs: number): Promise<void> {
  for (const until = performance.now() + durationMs; performance.now() < until;) {
    await wait(ROTATE_MS);
    await world.source.run("FLUSH BINARY LOGS");
  }
}

/** The runner whose collector is connected. */
const holderOfLog = () =>
  untilFound("a runner that follows the log", () =>
    runners.find(({ pid }) => childrenOf(pid).some(({ command }) => command.includes("--stop-never"))),
  );

async function recoverOrders(from: (typeof REPOSITORIES)[number], at = "latest"): Promise<number[]> {
  const run = await untilEnded(database.db, (await startRestore(ctx, { system: SYSTEM, from, at })).runId);
  expect(run.errorMessage).toBeNull();
  return readRecoveredOrders(database.db, world, run.id);
}

async function takeFull(): Promise<string> {
  const run = await untilEnded(database.db, (await startBackup(ctx, { system: SYSTEM })).runId);
  expect(run.errorMessage).toBeNull();
  return run.backupId ?? "";
}

beforeAll(async () => {
  database = await openTestDatabase();
  ctx = createCtx({ db: database.db, log: createLogger("silent"), actor: ADMINISTRATOR });
  world = await startFaultWorld({
    databaseUrl: database.databaseUrl,
    dataBytes: 200_000,
    reachSource: async (source) => {
      line = await startCuttingProxy(source);
      return line;
    },
  });
  runners = await Promise.all([world.startRunner(), world.startRunner()]);
  await untilLogIsCollected(database.db);
  await takeFull();
}, LONG_MS);

afterAll(async () => {
  await world?.stop();
  await line?.close();
  await database?.close();
}, LONG_MS);

describe("a log that is rotated every second, over connections that are cut at random bytes, a restart of the server and a kill -9 of the runner that follows it", () => {
  let stored: Map<string, Buffer>[];
  let written: Map<string, Buffer>;
  let writer: Writer;

  beforeAll(async () => {
    writer = world.startWriter();
    line.setCutting(createRandom(SEED).fraction);
    await rotateFor(PART_MS);
    await world.source.stop();
    await world.source.restart();
    await rotateFor(PART_MS);
    const holder = await holderOfLog();
    await holder.kill();
    runners = runners.filter((runner) => runner !== holder);
    await rotateFor(PART_MS);
    await writer.stop();
    line.setCutting(null);
    await untilShipped(database.db, world);
    for (const runner of runners) await runner.stop(); // nothing is compacted while it is read
    const log = await logOf();
    stored = [];
    for (const name of REPOSITORIES) stored.push(await readStoredLog(world, name, log));
    written = await readServerFiles();
    runners = [await world.startRunner()];
  }, LONG_MS);

  test("lies in either store byte for byte as the server wrote it, nothing lost and nothing twice, without a gap", async () => {
    expect(line.cuts).toBeGreaterThan(10);
    expect(writer.acknowledged.length).toBeGreaterThan(50);
    for (const files of stored) {
      const names = [...files.keys()].sort();
      const last = names.at(-1);
      const [first = ""] = names;
      expect(names).toEqual([...written.keys()].filter((name) => name >= first && name <= (last ?? "")));
      expect(names.length).toBeGreaterThan((3 * PART_MS) / ROTATE_MS / 2);
      for (const [name, bytes] of files) {
        const own = written.get(name);
        expect(own?.subarray(0, bytes.length).equals(bytes), name).toBe(true);
        if (name !== last) expect(bytes.length, name).toBe(own?.length);
      }
    }
    expect(await database.db.logGap.count()).toBe(0);
    expect(await database.db.auditEvent.count({ where: { action: "log.incarnation-begun" } })).toBe(1);
  });

  test(
    "brings back exactly the acknowledged orders by its replay, from either store",
    { timeout: LONG_MS },
    async () => {
      for (const name of REPOSITORIES) {
        const orders = await recoverOrders(name);
        expect(orders).toEqual(expect.arrayContaining(writer.acknowledged));
        // One more may have been written whose answer the stopped server did not give.
        expect(orders.length - writer.acknowledged.length).toBeLessThanOrEqual(1);
      }
    },
  );
});

describe("a log that the server purged before it was collected", () => {
  let purgedAt: Date;
  let oldFull: string;
  /** Everything that was in both stores before the runner was away. */
  let reachable: number[];
  let release: () => Promise<void>;

  const lanes = async () => (await getSystem(ctx, { name: SYSTEM })).lanes;
  const gap = () => untilFound("the gap", () => database.db.logGap.findFirst());
  const fullAfterGap = () =>
    untilFound("a new full", () =>
      database.db.run.findFirst({ where: { kind: "backup", reason: { contains: "begun anew" } } }),
    );

  beforeAll(async () => {
    oldFull = await takeFull();
    const writer = world.startWriter();
    await untilFound("an order", () => writer.acknowledged.length > 0);
    await writer.stop();
    await untilShipped(database.db, world);
    reachable = (await world.source.run("SELECT id FROM shop.orders ORDER BY id")).map((row) => Number(row.id));
    for (const runner of runners) await runner.stop();
    purgedAt = new Date();
    await world.source.run("FLUSH BINARY LOGS", `INSERT INTO shop.orders (note, at) VALUES ('lost', NOW(6))`);
    await world.source.run("FLUSH BINARY LOGS");
    const [end] = await world.source.run("SHOW MASTER STATUS");
    await world.source.run(`PURGE BINARY LOGS TO '${String(end?.File)}'`);
    const table = await holdTable(world.source); // the new full waits, so that what is without it can be seen
    release = () => table.release();
    runners = [await world.startRunner()];
    await gap();
  }, LONG_MS);

  test("is a gap that is alerted within one cycle", { timeout: LONG_MS }, async () => {
    const { detectedAt, reason } = await gap();
    expect(reason).toMatch(/purged its log before it was collected/);
    const alert = await untilFound("the alert", () => database.db.alert.findFirst({ where: { kind: "log-gap" } }));
    // The ticks of the alerts are 5 s apart.
    expect(alert.raisedAt.getTime() - detectedAt.getTime()).toBeLessThan(8_000);
  });

  test("starts a new full, under another incarnation", { timeout: LONG_MS }, async () => {
    const { incarnation } = await gap();
    const run = await fullAfterGap();
    expect(run.endedAt).toBeNull();
    expect((await logOf()).incarnation).not.toBe(incarnation);
  });

  test(
    "leaves what can be recovered before it, and no more, until that full is there",
    { timeout: LONG_MS },
    async () => {
      await untilShipped(database.db, world); // the new log is in the stores, and reaches nothing without its full
      for (const { recoverableTo, exposureSeconds } of await lanes()) {
        expect(Date.parse(recoverableTo ?? "")).toBeLessThanOrEqual(purgedAt.getTime());
        expect(exposureSeconds).toBeGreaterThan((Date.now() - purgedAt.getTime()) / 1_000 - 1);
      }
    },
  );

  test("does not block a restore of what lies before it", { timeout: LONG_MS }, async () => {
    expect(await recoverOrders("secondary")).toEqual(reachable);
    expect(await database.db.backup.count({ where: { startedAt: { gt: purgedAt }, state: "complete" } })).toBe(0);
    const kept = await database.db.backup.findUniqueOrThrow({ where: { id: oldFull } });
    expect(kept.state).toBe("complete");
  });

  test("is over when the full is there: everything comes back again, to now", { timeout: LONG_MS }, async () => {
    await release();
    expect((await untilEnded(database.db, (await fullAfterGap()).id)).errorMessage).toBeNull();
    await world.source.run("INSERT INTO shop.orders (note, at) VALUES ('after', NOW(6))");
    await untilShipped(database.db, world);
    const rows = await world.source.run("SELECT id FROM shop.orders ORDER BY id");
    expect(await recoverOrders("primary")).toEqual(rows.map((row) => Number(row.id)));
    for (const { exposureSeconds } of await lanes()) expect(exposureSeconds).toBeLessThan(30);
    await untilFound("the task of the alert to be done", () =>
      database.db.alert.findFirst({ where: { kind: "log-gap", doneAt: { not: null } } }),
    );
  });
});
