import { existsSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordFigure } from "@/bench/record-figure";
import { honestSize } from "@/bench/size";
import type { Manifest } from "@/lib/backups";
import { type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { createRandom } from "@/demo/shop/seeded-random";
import type { RestoredTo, RunDetail } from "@/lib/runs/schemas";
import { askClient, shutDown, startHoldfast } from "./command";
import { restore, takeFull, until, untilCollected, untilCompacted, untilShipped } from "./facts";
import { type TextTransaction, readLogText } from "./read-log-text";
import { SYSTEM, type World, startWorld } from "./world";
import { type JournalEntry, WRITER_STATEMENTS, startWriters } from "./writers";

const POINTS = honestSize(6, 50);
const SPEC_MS = honestSize(180_000, 3_600_000);
/** How long the writers write on after the first full: the 10 s transaction must end in it. */
const WRITE_MS = honestSize(8_000, 45_000);
/** Printed with each failure: the same seed asks for the same points of the same log. */
const SEED = process.pid;

let database: TestDatabase;
let world: World;
let journal: JournalEntry[];
/** The server's whole log in commit order, as MariaDB's own program prints it. */
let log: TextTransaction[];
let fulls: Manifest[];

beforeAll(async () => {
  database = await openTestDatabase();
  const { databaseUrl } = database;
  world = await startWorld({ databaseUrl, serverId: 31, statements: WRITER_STATEMENTS });
  await untilCollected(world);
  const writers = await startWriters(world.source.root);
  journal = writers.journal;
  try {
    await until("a first row of every writer but the two slow ones", () =>
      Promise.resolve(new Set(journal.map(({ writer }) => writer)).size >= 6),
    );
    await takeFull(world);
    await writers.allowTables(true);
    await wait(WRITE_MS / 2);
    await world.source.run("FLUSH BINARY LOGS");
    await writers.allowTables(false);
    await takeFull(world);
    await writers.allowTables(true);
    await until("the transaction of 10 s, begun before a full and ended after it", () =>
      Promise.resolve(journal.some(({ writer }) => writer === "long")),
    );
    await wait(WRITE_MS / 2);
    await world.source.run("FLUSH BINARY LOGS");
  } finally {
    await writers.stop();
  }
  await untilShipped(world, 1);
  await untilCompacted(world);
  log = await readLogText(world.source.dataDirectory);
  const rows = await database.db.backup.findMany({ orderBy: { startedAt: "asc" } });
  fulls = rows.map(({ manifest }) => manifest as unknown as Manifest);
}, SPEC_MS);

afterAll(async () => {
  await world.stop();
  await database.close();
});

/** What a recovered server holds. */
interface Held {
  tokens: string[];
  /** Of the second table of the same transactions. */
  ledger: string[];
  balance: string[];
  tables: string[];
}

async function readHeld(optionFile: string): Promise<Held> {
  const [tokens, ledger, balance, tables] = await Promise.all(
    [
      "SELECT token FROM app.journal ORDER BY token",
      "SELECT token FROM app.ledger ORDER BY token",
      "SELECT amount FROM app.balance ORDER BY id",
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'app' AND table_name LIKE 'ddl%' ORDER BY 1",
    ].map((sql) => askClient(optionFile, sql)),
  );
  return { tokens: tokens ?? [], ledger: ledger ?? [], balance: balance ?? [], tables: tables ?? [] };
}

/** What the log's first `count` transactions leave behind. */
function expectHeld(count: number): Held {
  const prefix = log.slice(0, count);
  const tokens = prefix.flatMap((each) => each.tokens).sort();
  const ledger = tokens.filter((token) => token.startsWith("several-"));
  const tables = prefix.flatMap((each) => each.makes ?? []).sort();
  return { tokens, ledger, balance: [`${ledger.length}`, `${-ledger.length}`], tables };
}

/** How many transactions, of the oracle's, a point lets in. */
function countUpTo(point: string): number {
  const index = (gtid: string) => {
    const found = log.findIndex((each) => each.gtid === gtid);
    if (found < 0) throw new Error(`${gtid} is not in the log`);
    return found;
  };
  if (point.startsWith("gtid:")) return index(point.slice(5)) + 1;
  if (point.startsWith("before-gtid:")) return index(point.slice(12));
  const at = Date.parse(point);
  const next = log.findIndex((each) => each.heartbeatMs !== null && each.heartbeatMs > at);
  if (next < 0) throw new Error(`no heartbeat after ${point}`);
  return next;
}

/** `restoredTo`, from the oracle alone. */
function expectRestoredTo(count: number, backupId: string): RestoredTo {
  const last = at(count - 1);
  const next = log[count];
  const full = fulls.find(({ id }) => id === backupId);
  const based = log.findLastIndex((each) => full?.position.gtid.split(",").includes(each.gtid)) + 1;
  const newest = beatsOf(0, count).at(-1) ?? 0;
  const [since = Date.parse(full?.startedAt ?? "")] = beatsOf(based, count).slice(-1);
  const [before, after] = beatsOf(based, count).slice(-2);
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    ...{ time: iso(newest), gtid: last.gtid, file: last.file, offset: last.endOffset },
    // Up to the next heartbeat; else as far as the last two were apart, or a second where the log has no two.
    resolutionMs: next?.heartbeatMs ? next.heartbeatMs - since : before && after ? after - before : 1_000,
    next: next ? { gtid: next.gtid, time: iso(next.heartbeatMs ?? next.atSeconds * 1_000) } : null,
  };
}

function beatsOf(from: number, to: number): number[] {
  return log.slice(from, to).flatMap((each) => each.heartbeatMs ?? []);
}

function at(index: number): TextTransaction {
  const found = log[index];
  if (!found) throw new Error(`the log has no transaction ${index}`);
  return found;
}

/** What the writers themselves know, without any log: who was acknowledged before the last recovered heartbeat is there, who began after it was followed by two is not. */
function expectJournal(held: Held, count: number): void {
  const there = new Set(held.tokens);
  const beatMs = log.slice(0, count).findLast((each) => each.heartbeatMs !== null)?.heartbeatMs ?? 0;
  const [, secondMs = Infinity] = log.slice(count).flatMap((each) => each.heartbeatMs ?? []);
  const missing = journal.filter((entry) => entry.acknowledgedAt < beatMs && !there.has(entry.token));
  const early = journal.filter((entry) => entry.sentAt > secondMs && there.has(entry.token));
  expect({ missing, early }).toEqual({ missing: [], early: [] });
  // Of each writer a prefix of its own journal came back, and nothing that no writer knows.
  for (const writer of new Set(journal.map((entry) => entry.writer))) {
    const own = journal.filter((entry) => entry.writer === writer).map((entry) => there.has(entry.token));
    expect(own.lastIndexOf(true) + 1, writer).toBe(own.filter(Boolean).length);
  }
  const known = new Set(journal.map(({ token }) => token));
  expect(held.tokens.filter((token) => !known.has(token))).toEqual([]);
}

interface Restored {
  target: { directory: string; optionFile: string };
  restoredTo: RestoredTo;
  backupId: string;
}

function succeeded(run: RunDetail): Restored {
  expect(run.error).toBeNull();
  return run.result as unknown as Restored;
}

async function expectPrefix(answer: Restored, count: number): Promise<void> {
  const held = await readHeld(answer.target.optionFile);
  expect(held).toEqual(expectHeld(count));
  expect(answer.restoredTo).toEqual(expectRestoredTo(count, answer.backupId));
  expectJournal(held, count);
  await shutDown(answer.target.optionFile);
}

/** Random places in the log that follows the first full: half of them transactions, half of them times. */
function choosePoints(): string[] {
  const random = createRandom(SEED);
  const beats = log.flatMap((each) => each.heartbeatMs ?? []);
  const earliest = Date.parse(fulls[0]?.endedAt ?? "");
  const from = log.findIndex((each) => (each.heartbeatMs ?? 0) > earliest) + 1;
  return Array.from({ length: POINTS }, (_, index) => {
    if (index % 2 === 0) return `gtid:${random.pick(log.slice(from)).gtid}`;
    // The first is the very time that a refusal names as the earliest.
    return new Date(index === 1 ? earliest : random.integer(earliest, (beats.at(-1) ?? 0) - 1)).toISOString();
  });
}

describe("the writers' log", () => {
  test("holds a statement of 5 s, a transaction of 10 s, stamps of 2001 and 2033, tables, two domains and three files", () => {
    const writers = new Set(log.flatMap((each) => each.tokens.map((token) => token.split("-")[0])));
    expect([...writers].sort()).toEqual(
      ["elsewhere", "future", "long", "one", "past", "several", "slow", "two"].sort(),
    );
    const slow = journal.find(({ writer }) => writer === "slow");
    expect((slow?.acknowledgedAt ?? 0) - (slow?.sentAt ?? 0)).toBeGreaterThanOrEqual(5_000);
    expect(log.some((each) => each.tokens.length === 10)).toBe(true);
    expect(log.some((each) => each.atSeconds === 978_307_200)).toBe(true);
    expect(log.some((each) => each.atSeconds === 2_000_000_000)).toBe(true);
    expect(log.filter((each) => each.makes !== null).length).toBeGreaterThan(3);
    expect(new Set(log.map((each) => each.gtid.split("-")[0]))).toEqual(new Set(["0", "7"]));
    expect(new Set(log.map((each) => each.file)).size).toBeGreaterThanOrEqual(3);
    expect(fulls).toHaveLength(2);
  });
});

describe("a restore to a point", () => {
  test(
    `at each of ${POINTS} random points equals the journal in commit order, and says where it ended (seed ${SEED})`,
    { timeout: SPEC_MS },
    async () => {
      const points = choosePoints();
      const prove = async (point: string) => {
        const answer = succeeded(await restore(world, point));
        await expectPrefix(answer, countUpTo(point));
        if (!point.startsWith("gtid:")) {
          expect(Date.parse(answer.restoredTo.time ?? "")).toBeLessThanOrEqual(Date.parse(point));
          expect(Date.parse(answer.restoredTo.next?.time ?? "")).toBeGreaterThan(Date.parse(point));
        }
      };
      // Two at a time: a runner does two.
      const work = points.values();
      await Promise.all(
        [1, 2].map(async () => {
          for (const point of work) await prove(point);
        }),
      );
      recordFigure({ name: "restore.points.checked", value: points.length, unit: "points" });
      recordFigure({ name: "restore.points.logTransactions", value: log.length, unit: "transactions" });
    },
  );

  test("before the transaction of 10 s holds none of its rows", { timeout: SPEC_MS }, async () => {
    const long = log.findLast((each) => each.tokens.length === 10);
    const point = `before-gtid:${long?.gtid ?? ""}`;
    const answer = succeeded(await restore(world, point));
    expect(answer.restoredTo.next?.gtid).toBe(long?.gtid);
    await expectPrefix(answer, countUpTo(point));
  });

  test("the latest, from the command line, holds every acknowledged write", { timeout: SPEC_MS }, async () => {
    const args = ["restore", SYSTEM, "--at", "latest", "--wait", "--json"];
    const { exitCode, stdout, stderr } = await startHoldfast(world.env, args).ended;
    expect(exitCode, stderr).toBe(0);
    const answer = JSON.parse(stdout) as Restored;
    expect(answer).toMatchObject({ state: "succeeded", fromRepository: "primary" });
    expect(answer).toMatchObject({ phasesMs: { fetch: expect.any(Number) as number } });
    const held = await readHeld(answer.target.optionFile);
    expect(held.tokens).toEqual(journal.map(({ token }) => token).sort());
    expect(Date.parse(answer.restoredTo.time ?? "")).toBeGreaterThan(log.at(-1)?.heartbeatMs ?? Infinity);
    expect(answer.restoredTo.next).toBeNull();
    await shutDown(answer.target.optionFile);
    // Whoever shuts a throw-away server down is left with nothing of it.
    await until("the server's directory to go", () => Promise.resolve(!existsSync(answer.target.directory)));
  });
});

describe("a point that cannot be reached", () => {
  test("is refused on the command line with the earliest that can, exit code 3", { timeout: SPEC_MS }, async () => {
    const before = new Date(Date.parse(fulls[0]?.startedAt ?? "") - 60_000).toISOString();
    const args = ["restore", SYSTEM, "--at", before, "--wait", "--json"];
    const { exitCode, stdout } = await startHoldfast(world.env, args).ended;
    expect(exitCode).toBe(3);
    const { error, target } = JSON.parse(stdout) as { error: { code: string; hint: string }; target?: object };
    expect(error.code).toBe("REFUSED");
    expect(error.hint).toContain(fulls[0]?.endedAt);
    expect(target).toBeUndefined();
  });

  test("because it is later than the log is refused with the latest that can", { timeout: SPEC_MS }, async () => {
    const run = await restore(world, new Date(Date.now() + 3_600_000).toISOString());
    expect(run).toMatchObject({ state: "failed", error: { code: "REFUSED" } });
    const nearest = /is (\S+Z), gtid:(\S+);/.exec(run.error?.hint ?? "");
    log = await readLogText(world.source.dataDirectory);
    const named = log.findIndex((each) => each.gtid === nearest?.[2]);
    expect(named).toBeGreaterThan(0);
    expect(expectRestoredTo(named + 1, fulls.at(-1)?.id ?? "").time).toBe(nearest?.[1]);
    expect(run.result).toBeNull();
  });

  test.each(["gtid:0-31-99999999", "before-gtid:9-9-9"])("is refused: %s", { timeout: SPEC_MS }, async (point) => {
    const run = await restore(world, point);
    expect(run).toMatchObject({ state: "failed", error: { code: "REFUSED" } });
    expect(run.steps.filter((step) => step.state === "succeeded").map((step) => step.key)).toEqual(["find"]);
  });
});
