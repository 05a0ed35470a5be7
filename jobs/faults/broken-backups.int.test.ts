import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Fault } from "@/demo/s3/faulty-gateway";
import { startBackup } from "@/lib/backups";
import { type Ctx, createCtx } from "@/lib/db/context";
import { ADMINISTRATOR, type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { withSession } from "@/lib/engines/database/mariadb/connect";
import type { Connection } from "@/lib/engines/database/port";
import { createLogger } from "@/lib/kernel/log";
import { Secret } from "@/lib/kernel/secret";
import { startRestore } from "@/lib/recovery";
import { startVerification } from "@/lib/verification";
import { SYSTEM } from "./configuration";
import { holdTable } from "./hold-table";
import { untilEnded, untilLogIsCollected, untilShipped } from "./run-facts";
import { READER } from "./source-data";
import { readWholeBackups } from "./whole-backups";
import { type FaultWorld, REPOSITORIES, startFaultWorld } from "./world";

const LONG_MS = 120_000;
const NEVER = new AbortController().signal;
const DATA_BYTES = 1_000_000;
const PASS: Fault = { kind: "pass" };

let database: TestDatabase;
let world: FaultWorld;
let ctx: Ctx;

beforeAll(async () => {
  database = await openTestDatabase();
  ctx = createCtx({ db: database.db, log: createLogger("silent"), actor: ADMINISTRATOR });
  world = await startFaultWorld({ databaseUrl: database.databaseUrl, dataBytes: DATA_BYTES });
  await world.startRunner();
  await untilLogIsCollected(database.db);
}, LONG_MS);

afterEach(() => {
  for (const name of REPOSITORIES) world.repositories[name].setFault();
});

afterAll(async () => {
  await world?.stop();
  await database?.close();
}, LONG_MS);

/** A backup from the button to its end, and what the stores really hold of it, read byte for byte past the gateways. */
async function takeBackup(during: () => Promise<void> = () => Promise.resolve()) {
  const { runId } = await startBackup(ctx, { system: SYSTEM });
  await during();
  const run = await untilEnded(database.db, runId);
  const rows = await database.db.backup.findMany({
    where: { runId },
    orderBy: { startedAt: "asc" },
    include: { copies: { orderBy: { repository: { name: "asc" } } } },
  });
  const last = rows.pop() ?? expect.fail("the run left no backup in the catalogue");
  const wholeIn: string[] = [];
  for (const name of REPOSITORIES) {
    const whole = await readWholeBackups(world.repositories[name].store);
    if (whole.includes(last.id)) wholeIn.push(name);
    // An attempt that was given up never looks like a backup.
    for (const { id } of rows) expect(whole).not.toContain(id);
  }
  return {
    id: last.id,
    ends: { run: run.state, backup: last.state, copies: last.copies.map(({ state }) => state), wholeIn },
    earlier: rows.map(({ state, error }) => ({ state, error })),
    message: run.errorMessage ?? "",
    hint: run.errorHint ?? "",
  };
}

const COMPLETE = {
  run: "succeeded",
  backup: "complete",
  copies: ["present", "present"],
  wholeIn: ["primary", "secondary"],
};
const INCOMPLETE = { run: "failed", backup: "incomplete", copies: ["present", "missing"], wholeIn: ["primary"] };
const FAILED = { run: "failed", backup: "failed", copies: ["missing", "missing"], wholeIn: [] };

const IS_DATA = /^PUT .*\/dump\.sql/;
const ERROR_500: Fault = { kind: "refuse", status: 500, code: "InternalError" };

/** A fault of every request that matches; with `times` of the first so many only. */
function faultOf(pattern: RegExp, fault: Fault, times = Infinity): (line: string) => Fault {
  let left = times;
  return (line) => (pattern.test(line) && left-- > 0 ? fault : PASS);
}

describe("a backup is complete, and whole in both stores, although one of them", () => {
  test.each<[string, (line: string) => Fault]>([
    ["answers 500 twice", faultOf(IS_DATA, ERROR_500, 2)],
    ["is slow in every request and answer", () => ({ kind: "slow", bytesPerSecond: DATA_BYTES })],
    ...[0, 65_536, 900_000].map((afterBytes): [string, (line: string) => Fault] => [
      `cuts the upload at byte ${afterBytes}`,
      faultOf(IS_DATA, { kind: "cut-request", afterBytes }, 2),
    ]),
  ])("%s", { timeout: LONG_MS }, async (_name, fault) => {
    world.repositories.secondary.setFault(fault);
    expect((await takeBackup()).ends).toEqual(COMPLETE);
  });
});

describe("a backup is incomplete, its run failed with the reason and what to check, where a store", () => {
  test.each<[string, (line: string) => Fault, RegExp]>([
    ["answers 500 for ever", faultOf(IS_DATA, ERROR_500), /InternalError/],
    [
      "denies access in the midst, after it had taken the users",
      faultOf(IS_DATA, { kind: "refuse", status: 403, code: "AccessDenied" }),
      /AccessDenied/,
    ],
    [
      "denies access at last, to the manifest",
      faultOf(/^PUT .*manifest\.json/, { kind: "refuse", status: 403, code: "AccessDenied" }),
      /AccessDenied/,
    ],
    ["says done and keeps nothing", faultOf(IS_DATA, { kind: "ignore" }), /nothing is there/],
  ])("%s", { timeout: LONG_MS }, async (_name, fault, message) => {
    world.repositories.secondary.setFault(fault);
    const taken = await takeBackup();
    expect(taken.ends).toEqual(INCOMPLETE);
    expect(taken.message).toMatch(/^the backup is incomplete: repository "secondary" has no copy: ./);
    expect(taken.message).toMatch(message);
    expect(taken.hint).toMatch(/\w+.*[.?]$/);
  });
});

describe("a copy that is read back", () => {
  const IS_READ = /^GET .*\/dump\.sql/;
  let backup: string;

  beforeAll(async () => {
    ({ id: backup } = await takeBackup());
  }, LONG_MS);

  async function verify() {
    const { runId } = await startVerification(ctx, { backup, level: "object", from: "secondary" });
    const run = await untilEnded(database.db, runId);
    const { verdict } = await database.db.verification.findFirstOrThrow({ where: { runId } });
    return { run, verdict };
  }

  test.each([0, 65_536, 900_000])(
    "over a connection that is cut at byte %d is proven by all of its bytes",
    { timeout: LONG_MS },
    async (afterBytes) => {
      world.repositories.secondary.setFault(faultOf(IS_READ, { kind: "cut-answer", afterBytes }, 2));
      const { run, verdict } = await verify();
      expect([run.errorMessage, verdict]).toEqual([null, "pass"]);
    },
  );

  test.each<[string, Fault]>([
    ["is cut again and again", { kind: "cut-answer", afterBytes: 0 }],
    ["is denied in the midst", { kind: "refuse", status: 403, code: "AccessDenied" }],
  ])("over a connection that %s proves nothing, and is not called bad", { timeout: LONG_MS }, async (_name, fault) => {
    world.repositories.secondary.setFault(faultOf(IS_READ, fault));
    const { run, verdict } = await verify();
    expect([run.state, verdict]).toEqual(["failed", "environment-failed"]);
    expect(run.errorHint).toMatch(/\w+.*[.?]$/);
  });
});

describe("a database that is", () => {
  /** A backup during whose dump something happens to the server. */
  const backUpWhile = async (act: () => Promise<unknown>) => {
    const table = await holdTable(world.source);
    try {
      return await takeBackup(async () => {
        await table.untilDumpWaits();
        await act();
        await table.release();
      });
    } finally {
      await table.release();
    }
  };
  const remake = [
    "DROP TABLE IF EXISTS shop.z_late, shop.z_new",
    "CREATE TABLE shop.z_late (id INT PRIMARY KEY, v INT)",
    "INSERT INTO shop.z_late VALUES (1, 1)",
  ];

  test(
    "restarted in the middle of the dump fails the backup by name and leaves nothing that looks whole; the next one is complete",
    { timeout: LONG_MS },
    async () => {
      const taken = await backUpWhile(async () => {
        await world.source.stop();
        await world.source.restart();
      });
      expect(taken.ends).toEqual(FAILED);
      expect(taken.message).toMatch(/^MariaDB on .* could not dump/);
      expect(taken.hint).toMatch(/\w+.*[.?]$/);
      expect((await takeBackup()).ends).toEqual(COMPLETE);
      expect(await database.db.logGap.count()).toBe(0);
    },
  );

  // The other statements: beside the engine, in dump.int.test.ts.
  test.each([
    ["ALTER TABLE shop.z_late ADD COLUMN extra INT DEFAULT 5", "again"],
    ["CREATE TABLE shop.z_new (id INT PRIMARY KEY)", "again"],
    ["TRUNCATE TABLE shop.z_late", "failed"],
  ])(
    "changed by %s of a table not yet read is dumped once more or not at all, never as it was in between",
    { timeout: LONG_MS },
    async (sql, outcome) => {
      await world.source.run(...remake);
      const taken = await backUpWhile(() => world.source.run(sql));
      if (outcome === "again") {
        expect(taken.earlier).toEqual([{ state: "failed", error: "the schema was changed during the dump" }]);
        expect(taken.ends).toEqual(COMPLETE);
        return;
      }
      expect(taken.ends).toEqual(FAILED);
      expect(taken.message).toMatch(/a table changed or went away meanwhile/);
      expect(taken.hint).toContain("Did someone change the schema during the dump?");
    },
  );

  test(
    "changed and written to on and on comes back equal, from either store, by the last backup and its log",
    { timeout: LONG_MS },
    async () => {
      await world.source.run(...remake);
      expect((await takeBackup()).ends).toEqual(COMPLETE);
      await world.source.run("ALTER TABLE shop.z_late ADD COLUMN extra INT DEFAULT 5", "UPDATE shop.z_late SET v = 7");
      const own = await describeTables(world.source.root);
      await untilShipped(database.db, world);
      for (const from of REPOSITORIES) {
        const run = await untilEnded(database.db, (await startRestore(ctx, { system: SYSTEM, from })).runId);
        expect(run.errorMessage).toBeNull();
        const { target } = run.result as { target: { port: number } };
        const password = new Secret(world.readerPassword);
        const copy = { host: "127.0.0.1", port: target.port, user: READER, password };
        expect(await describeTables(copy)).toEqual(own);
      }
    },
  );
});

/** Name, columns and checksum of every table of the shop. */
function describeTables(connection: Connection) {
  return withSession(connection, { signal: NEVER }, async (session) => {
    const columns = await session.rows(
      "list the columns",
      `SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, COLUMN_DEFAULT FROM information_schema.COLUMNS
       WHERE TABLE_SCHEMA = 'shop' ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    );
    const names = [...new Set(columns.map((row) => `shop.${String(row.TABLE_NAME)}`))];
    return { columns, sums: await session.rows("sum the tables", `CHECKSUM TABLE ${names.join(", ")}`) };
  });
}
