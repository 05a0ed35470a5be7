import { createWriteStream } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { ZOO_STATEMENTS } from "@/demo/mariadb/zoo";
import { Secret } from "@/lib/kernel/secret";
import type { Hazard } from "../port";
import { dumpData } from "./dump";
import { findHazards } from "./find-hazards";
import { GLOBAL_RIGHTS } from "./least-privileges";

const directory = `/var/tmp/hf-haz-${process.pid}`;
const signal = new AbortController().signal;
let server: MariadbServer;

beforeAll(async () => {
  await mkdir(directory);
  server = await startMariadbServer({ directory: join(directory, "s"), serverId: 41, binlog: true });
  await server.run(...ZOO_STATEMENTS);
  await server.run(
    "CREATE DATABASE planted",
    "CREATE TABLE planted.floats (id INT PRIMARY KEY, f FLOAT, d DOUBLE, g FLOAT(10,2))",
    "CREATE TABLE planted.enums (id INT PRIMARY KEY, bad ENUM('a', ''), good ENUM('a', 'it''s'), also_good ENUM(''','))",
    "CREATE TABLE planted.loose (id INT NOT NULL, UNIQUE KEY id (id)) ENGINE=MyISAM",
    "CREATE TABLE planted.merged (id INT NOT NULL, KEY id (id)) ENGINE=MERGE UNION=(planted.loose)",
    "CREATE TABLE planted.keyless (a INT, b INT, KEY b (b))",
    "CREATE TABLE planted.nullable_key (a INT, UNIQUE KEY a (a))",
    "CREATE TABLE planted.numbered (id INT PRIMARY KEY, s BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, e BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING",
    "CREATE TABLE planted.gone (a INT PRIMARY KEY, b INT)",
    "CREATE VIEW planted.broken AS SELECT b FROM planted.gone",
    "CREATE VIEW planted.broken_too AS SELECT b FROM planted.broken",
    "CREATE FUNCTION planted.f() RETURNS INT DETERMINISTIC RETURN 1",
    "CREATE VIEW planted.no_function AS SELECT planted.f() AS x",
    "CREATE VIEW planted.well AS SELECT a FROM planted.gone",
    "ALTER TABLE planted.gone DROP COLUMN b",
    "DROP FUNCTION planted.f",
  );
});

afterAll(async () => {
  try {
    await server.kill();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

const ids = (hazards: Hazard[]) => hazards.map(({ id, effect, object }) => `${effect} ${id} ${object}`);
const find = async () => ids(await findHazards(server.holdfast, signal));

describe("hazards in the schemas", () => {
  test("are each found by name, and nothing else is", async () => {
    const planted = (await find()).filter((line) => line.includes(" planted."));
    expect(planted.sort()).toEqual([
      "lossy enum-empty-and-zero planted.enums.bad",
      "lossy float-column planted.floats",
      "omit broken-view planted.broken",
      "omit broken-view planted.broken_too",
      "omit broken-view planted.no_function",
      "omit rows-elsewhere planted.merged",
      "refuse history-not-dumped planted.numbered",
      "warn no-primary-key planted.keyless",
      "warn no-primary-key planted.merged",
      "warn no-primary-key planted.nullable_key",
      "warn non-transactional-table planted.loose",
    ]);
  });

  test("of the zoo are those that it has", async () => {
    const zoo = (await find()).filter((line) => !line.includes(" planted."));
    expect(zoo.sort()).toEqual([
      "warn no-primary-key archive.aria",
      "warn no-primary-key zoo.nokey",
      "warn non-transactional-table archive.aria",
      "warn non-transactional-table archive.old",
      "warn sequence-cache zoo.order_no",
    ]);
  });

  test("a view that calls a function which the account may not is refused, never taken for broken", async () => {
    await server.run(
      "CREATE DATABASE called",
      "CREATE FUNCTION called.f() RETURNS INT DETERMINISTIC RETURN 1",
      "CREATE SQL SECURITY INVOKER VIEW called.one AS SELECT called.f() AS x",
      "CREATE SQL SECURITY INVOKER VIEW called.two AS SELECT x FROM called.one",
    );
    const ours = async () => (await find()).filter((line) => line.includes("called."));
    expect(await ours()).toEqual([
      "refuse missing-right EXECUTE on called.f",
      "refuse missing-right EXECUTE on called.f",
    ]);
    await server.run("GRANT EXECUTE ON called.* TO holdfast@localhost");
    expect(await ours()).toEqual([]);
    await server.run("REVOKE EXECUTE ON called.* FROM holdfast@localhost", "DROP DATABASE called");
  });

  test("name the columns, and tell what to do", async () => {
    const hazards = await findHazards(server.holdfast, signal);
    const float = hazards.find(({ id }) => id === "float-column");
    expect(float?.message).toContain("(f, g)");
    expect(float?.hint).toContain("physical");
    for (const hazard of hazards) expect(hazard.hint).toMatch(/\.$|\?$/);
  });
});

describe("the least privileges", () => {
  test.each(GLOBAL_RIGHTS)("are least: without $right it is missed by name", async ({ right }) => {
    await server.run(`REVOKE ${right} ON *.* FROM holdfast@localhost`);
    const found = await findHazards(server.holdfast, signal);
    await server.run(`GRANT ${right} ON *.* TO holdfast@localhost`);
    const missing = found.filter(({ id }) => id.startsWith("missing-"));
    const expected =
      { TRIGGER: "missing-trigger-right", EVENT: "missing-event-right" }[right as string] ?? "missing-right";
    expect(missing.map(({ id }) => id)).toContain(expected);
    expect(missing.some(({ object }) => object.includes(right))).toBe(true);
    const isForLogAlone = right.startsWith("REPLICATION");
    expect(missing.every(({ effect }) => effect === (isForLogAlone ? "warn" : "refuse"))).toBe(true);
  });

  test("without a right in schema holdfast say that the heartbeat cannot be written", async () => {
    await server.run("REVOKE UPDATE ON holdfast.* FROM holdfast@localhost");
    expect(await find()).toContain("warn missing-right UPDATE on holdfast");
    await server.run("GRANT UPDATE ON holdfast.* TO holdfast@localhost");
  });

  test("on each schema instead of everywhere are not enough: new schemas would be invisible", async () => {
    const schemas = ["archive", "`art-öl ☂ d'or`", "planted", "zoo", "mysql"];
    await server.run(
      "CREATE USER narrow@localhost IDENTIFIED BY 'n'",
      "GRANT RELOAD, BINLOG MONITOR, REPLICATION SLAVE, REPLICATION MASTER ADMIN ON *.* TO narrow@localhost",
      ...schemas.map((schema) => `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON ${schema}.* TO narrow@localhost`),
    );
    const narrow = { ...server.root, user: "narrow", password: new Secret("n") };
    const missing = (await findHazards(narrow, signal)).filter(
      ({ effect, id }) => effect === "refuse" && id !== "history-not-dumped",
    );
    expect(ids(missing)).toEqual(["refuse missing-right SELECT"]);
    await server.run("GRANT SHOW DATABASES ON *.* TO narrow@localhost");
    const left = (await findHazards(narrow, signal)).filter(
      ({ effect, id }) => effect === "refuse" && id !== "history-not-dumped",
    );
    expect(left).toEqual([]);
    await server.run("REVOKE SELECT ON mysql.* FROM narrow@localhost");
    expect(ids(await findHazards(narrow, signal))).toEqual(
      expect.arrayContaining([
        "refuse missing-routine-right SELECT on mysql.proc",
        "refuse missing-right SELECT on mysql",
      ]),
    );
  });

  test("may come through a role in a role", async () => {
    await server.run(
      "CREATE ROLE backup_rights",
      "CREATE ROLE operators",
      `GRANT ${GLOBAL_RIGHTS.map(({ right }) => right).join(", ")} ON *.* TO backup_rights`,
      "GRANT backup_rights TO operators",
      "CREATE USER byrole@localhost IDENTIFIED BY 'r'",
      "GRANT operators TO byrole@localhost",
    );
    const byRole = { ...server.root, user: "byrole", password: new Secret("r") };
    const missing = async () =>
      (await findHazards(byRole, signal)).filter(({ id, effect }) => id.startsWith("missing-") && effect === "refuse");
    expect((await missing()).length).toBeGreaterThan(0);
    await server.run("SET DEFAULT ROLE operators FOR byrole@localhost");
    expect(await missing()).toEqual([]);
  });

  test("that are missing make a dump silently smaller, which is why they are looked for", async () => {
    const file = join(directory, "poor.sql");
    const dump = async () => {
      const { output, done } = dumpData(server.holdfast, { schemas: ["zoo"], leaveOut: [] }, { signal });
      await Promise.all([pipeline(output, createWriteStream(file)), done]);
      return done;
    };
    await server.run("REVOKE TRIGGER ON *.* FROM holdfast@localhost");
    const poor = await dump();
    expect(poor.triggers).toBe(0);
    expect(await readFile(file, "utf8")).toMatch(/-- Dump completed on [^\n]+\n$/);
    await server.run("GRANT TRIGGER ON *.* TO holdfast@localhost");
    expect((await dump()).triggers).toBe(2);
  });
});

describe("hazards of the log", () => {
  test.each([
    ["SET GLOBAL binlog_format = MIXED", "SET GLOBAL binlog_format = ROW", "refuse binlog-format binlog_format"],
    [
      "SET GLOBAL binlog_row_image = MINIMAL",
      "SET GLOBAL binlog_row_image = FULL",
      "refuse binlog-format binlog_row_image",
    ],
    [
      "SET GLOBAL binlog_checksum = NONE",
      "SET GLOBAL binlog_checksum = CRC32",
      "warn binlog-checksum-off binlog_checksum",
    ],
    [
      "SET GLOBAL binlog_expire_logs_seconds = 3600",
      "SET GLOBAL binlog_expire_logs_seconds = 864000",
      "warn binlog-expiry-short binlog_expire_logs_seconds",
    ],
  ])("%s is found", async (plant, mend, expected) => {
    await server.run(plant);
    expect(await find()).toContain(expected);
    await server.run(mend);
    expect(await find()).not.toContain(expected);
  });

  test("a filter by schema is found", async () => {
    await server.stop();
    await server.restart({ "binlog-ignore-db": "planted" });
    expect(await find()).toContain("refuse binlog-filtered binlog_do_db, binlog_ignore_db");
  });

  test("a log that is off is found, and such a server gives no dump", async () => {
    await server.stop();
    await server.restart({ "skip-log-bin": 1 });
    expect(await find()).toContain("refuse binlog-off log_bin");
    const { output, done } = dumpData(server.holdfast, { schemas: ["zoo"], leaveOut: [] }, { signal });
    output.resume();
    await expect(done).rejects.toThrow("no position");
  });
});
