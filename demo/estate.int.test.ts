import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createConnection } from "mariadb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer } from "@/lib/engines/database/mariadb/server/run-server";
import { breakDatabase } from "./break";
import { type Estate, startEstate } from "./estate";
import { readJournal } from "./load/journal";
import { findServerOn } from "./parts/database-part";
import { readDown } from "./parts/down";
import { killProcess, type ProcessMark, readPidFile } from "./parts/process-mark";
import { findWriteAfter, witnessRecovery } from "./witness";

const directory = `/var/tmp/hf-estate-${process.pid}`;
const events: string[] = [];
const options = { directory, keepStoresIn: "memory", onEvent: (text: string) => void events.push(text) } as const;
let estate: Estate;

beforeAll(async () => {
  estate = await startEstate(options);
});

afterAll(async () => {
  await estate.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Waits for a fact; the test's own time limit ends a wait in vain. */
async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await fact())) await wait(20);
}

async function untilOrders(count: number): Promise<void> {
  const before = estate.counts()?.ok ?? 0;
  await until(() => (estate.counts()?.ok ?? 0) >= before + count);
}

async function untilOrdersAfter(at: Date): Promise<void> {
  await until(async () => (await findWriteAfter(estate.layout.witness.journal, at)) !== null);
}

const server = () => findServerOn(join(estate.layout.database, "data"));

async function killHard(mark: ProcessMark | null): Promise<void> {
  if (!mark) throw new Error("nothing to kill");
  await killProcess(mark);
}

/** As the shop's account, over the declared address. */
async function asShop<T>(work: (connection: Awaited<ReturnType<typeof createConnection>>) => Promise<T>): Promise<T> {
  const settings = JSON.parse(readFileSync(estate.layout.shop.settings, "utf8")) as {
    database: { port: number; password: string };
  };
  const connection = await createConnection({ host: "127.0.0.1", user: "shop", ...settings.database });
  try {
    return await work(connection);
  } finally {
    await connection.end();
  }
}

const witness = (disruptionAt: Date, before: Date) =>
  asShop((connection) =>
    witnessRecovery({ connection, journal: estate.layout.witness.journal, disruptionAt, until: before }),
  );

describe("the practice estate", () => {
  test("writes every acknowledged order into the database, with its lines, payment and stock", async () => {
    await untilOrders(40);
    const now = new Date();
    expect(await witness(now, now)).toMatchObject({ lostWrites: 0, hole: null });
    const [books] = (await estate.database?.run(
      `SELECT (SELECT COUNT(*) FROM shop.orders) AS orders, (SELECT COUNT(*) FROM shop.payments) AS payments,
              (SELECT SUM(delta) FROM shop.stock_movements) AS moved, (SELECT SUM(quantity - 1000000) FROM shop.stock) AS stock`,
    )) ?? [{}];
    expect(books?.payments).toBe(books?.orders);
    expect(books?.stock).toBe(books?.moved);
  });

  test("orders at about 20 a second", async () => {
    const from = performance.now();
    await untilOrders(60);
    expect(60_000 / (performance.now() - from)).toBeGreaterThan(12);
  });

  test("keeps the witness's journal in the order of the acknowledgements", async () => {
    let previous = 0;
    for await (const entry of readJournal(estate.layout.witness.journal)) {
      expect(entry.acknowledgedAt).toBeGreaterThanOrEqual(previous);
      expect(entry.acknowledgedAt).toBeGreaterThanOrEqual(entry.requestedAt);
      previous = entry.acknowledgedAt;
    }
    expect(previous).toBeGreaterThan(0);
  });

  test("has two stores that share neither port nor keys nor directory", () => {
    const { primary, dr } = estate.stores;
    expect(primary?.endpoint).not.toBe(dr?.endpoint);
    expect(primary?.secretAccessKey.reveal()).not.toBe(dr?.secretAccessKey.reveal());
    expect(primary?.directory).toBe(join(directory, "primary", "s3"));
    expect(dr?.directory).toBe(join(directory, "dr", "s3"));
  });

  test("shows no secret in an argument list or to another user", async () => {
    const secrets = Object.values(estate.variables);
    expect(secrets).toHaveLength(5);
    for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""); // ended meanwhile: shows nothing
      for (const secret of secrets) expect(command).not.toContain(secret);
    }
    const { layout } = estate;
    for (const file of [
      layout.estateFile,
      layout.environmentFile,
      layout.shop.settings,
      layout.keys.runner,
      layout.keys.escrow,
    ]) {
      expect(statSync(file).mode & 0o077).toBe(0);
    }
    for (const secret of secrets) expect(readFileSync(layout.configuration, "utf8")).not.toContain(secret);
  });

  test("is held by one process at a time", async () => {
    await expect(startEstate(options)).rejects.toThrow(`an estate runs already in "${directory}"`);
  });

  test("closes for maintenance and opens again, from the shop's own port alone", async () => {
    const health = async () => (await fetch(`${estate.shopUrl}/health`)).status;
    expect((await fetch(`${estate.shopUrl}/maintenance/on`, { method: "POST" })).status).toBe(404);
    await fetch(`${estate.shopAdminUrl}/maintenance/on`, { method: "POST" });
    expect(await health()).toBe(503);
    await fetch(`${estate.shopAdminUrl}/maintenance/off`, { method: "POST" });
    expect(await health()).toBe(200);
    expect((await fetch(`${estate.shopUrl}/orders/check`, { method: "POST" })).status).toBe(201);
  });

  test("refuses an order that does not fit, or that is there already", async () => {
    const order = { token: "ab".repeat(16), customerId: 1, lines: [{ productId: 1, quantity: 1 }] };
    const send = async (body: unknown) =>
      (await fetch(`${estate.shopUrl}/orders`, { method: "POST", body: JSON.stringify(body) })).status;
    expect(await send({ ...order, token: "short" })).toBe(400);
    expect(await send({ ...order, lines: [{ productId: 999_999, quantity: 1 }] })).toBe(400);
    expect(await send(order)).toBe(201);
    expect(await send(order)).toBe(409);
  });
});

describe("the watch", () => {
  test("starts a shop and a database again that ended by themselves, and no acknowledged order is missing", async () => {
    const [shop, database] = [readPidFile(estate.layout.shop.pidFile), server()];
    await killHard(shop);
    await killHard(database);
    const killedAt = new Date();
    await until(() => estate.isAlive("shop") && estate.isAlive("database"));
    await untilOrdersAfter(killedAt);
    expect(server()).not.toEqual(database);
    const now = new Date();
    expect(await witness(now, now)).toMatchObject({ lostWrites: 0 });
  });

  test("leaves a store alone that was stopped on purpose, and the other store untouched", async () => {
    await estate.stopPart("store-primary");
    const seen = events.length;
    await untilOrders(20);
    expect(estate.isAlive("store-primary")).toBe(false);
    expect(estate.isAlive("store-dr")).toBe(true);
    expect(events.slice(seen)).toEqual([]);
    await estate.startPart("store-primary");
    expect(estate.isAlive("store-primary")).toBe(true);
  });
});

describe("a broken database", () => {
  const saved = `${directory}-saved`;
  afterAll(() => rmSync(saved, { recursive: true, force: true }));

  /** As a recovery does: a server on old data takes the declared address and directory, without what the estate kept there. */
  async function recover(): Promise<void> {
    cpSync(saved, join(estate.layout.database, "data"), { recursive: true });
    await startServer({
      dataDirectory: join(estate.layout.database, "data"),
      logFile: join(estate.layout.database, "error.log"),
      temporaryDirectory: join(estate.layout.database, "tmp"),
      connection: { ...estate.holdfast, socket: join(estate.layout.database, "s") },
      settings: ["--server-id=1", "--log-bin=binlog", "--binlog-format=ROW"],
      deathSignal: "TERM",
      signal: new AbortController().signal,
    });
  }

  test("stays lost until a recovery takes its address; then the shop writes again and the witness names what was lost", async () => {
    await estate.stopPart("database");
    cpSync(join(estate.layout.database, "data"), saved, { recursive: true });
    await estate.startPart("database");
    const savedAt = new Date();
    await untilOrdersAfter(savedAt);
    await untilOrders(40);

    const brokenAt = await breakDatabase(estate.layout);
    expect(existsSync(estate.layout.database)).toBe(false);
    const failed = estate.counts()?.failed ?? 0;
    await until(() => (estate.counts()?.failed ?? 0) >= failed + 20);
    expect(estate.isAlive("database")).toBe(false);
    expect(readDown(estate.layout, "database")).toEqual({ reason: "broken", at: brokenAt });
    await expect(breakDatabase(estate.layout)).rejects.toThrow("broken already");

    const recoveredAt = new Date();
    await recover();
    await until(() => readDown(estate.layout, "database") === null);
    const traffic = await findWriteAfter(estate.layout.witness.journal, recoveredAt);
    expect(traffic?.acknowledgedAt).toBeGreaterThan(recoveredAt.getTime());

    const report = await witness(brokenAt, recoveredAt);
    expect(report.lostWrites).toBeGreaterThanOrEqual(40);
    expect(report.acknowledgedWrites).toBe(report.recoveredWrites + report.lostWrites);
    expect(report.hole).toBeNull();
    const lostSeconds = (brokenAt.getTime() - savedAt.getTime()) / 1_000;
    expect(report.rpoActualSeconds).toBeGreaterThan(lostSeconds);
  });

  test("that was recovered is looked after again", async () => {
    const before = server();
    await killHard(before);
    // An order that the dead server had still acknowledged may be written down after this.
    await until(() => server() !== null && server()?.pid !== before?.pid);
    const startedAt = new Date();
    await untilOrdersAfter(startedAt);
    expect(estate.isAlive("database")).toBe(true);
  });

  test("of which one acknowledged order is missing in the middle is a hole, and named", async () => {
    const entries = [];
    for await (const entry of readJournal(estate.layout.witness.journal)) entries.push(entry);
    const now = new Date();
    const early = entries[10];
    await asShop(async (connection) => {
      await connection.query("SET SESSION foreign_key_checks = 0");
      await connection.query("DELETE FROM shop.orders WHERE token = ?", [early?.token]);
    });
    expect((await witness(now, now)).hole).toContain(`order ${early?.token}`);
  });
});

describe("the estate of an earlier start", () => {
  test("goes on with its ports, keys and orders, and leaves no process behind when it stops", async () => {
    const { ports, variables } = estate;
    const last = await asShop((connection) =>
      connection.query<{ id: bigint }[]>("SELECT MAX(id) AS id FROM shop.orders"),
    );
    await estate.stop();
    for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""); // ended meanwhile: not ours
      expect(command).not.toContain(`${directory}/`);
    }
    estate = await startEstate(options);
    expect(estate.ports).toEqual(ports);
    expect(estate.variables).toEqual(variables);
    await untilOrders(1);
    const [now] = await asShop((connection) =>
      connection.query<{ id: bigint }[]>("SELECT MAX(id) AS id FROM shop.orders"),
    );
    expect(now?.id).toBeGreaterThan(last[0]?.id ?? 0n);
  });
});

describe("directories in the place of stores", () => {
  const place = `${directory}-plain`;
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  test("cannot be written to while they are stopped, and come back with what lay in them", async () => {
    const plain = await startEstate({ directory: place, sites: ["dr"], stores: "directory" });
    const store = plain.layout.store.dr;
    writeFileSync(join(store, "object"), "kept");
    await plain.stopPart("store-dr");
    expect(existsSync(store)).toBe(false);
    await plain.startPart("store-dr");
    expect(readFileSync(join(store, "object"), "utf8")).toBe("kept");
    expect(readFileSync(plain.layout.configuration, "utf8")).toContain(`path: ${store}`);
    await plain.stop();
  });
});
