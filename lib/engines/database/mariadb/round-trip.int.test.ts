import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { ODD_SCHEMA, ZOO_COUNTS, ZOO_SCHEMAS, ZOO_STATEMENTS, ZOO_USER_STATEMENTS } from "@/demo/mariadb/zoo";
import type { Connection, DumpFacts, ScratchServer, ServerFacts } from "../port";
import { type Row, withSession } from "./connect";
import { createDumpEngine, type DumpEngine } from "./dump-engine";
import { loadData } from "./load";
import { quoteName, quoteText } from "./server/initialize-data-directory";

const root = `/var/tmp/hf-trip-${process.pid}`;
const [usersFile, dataFile] = [join(root, "users.sql"), join(root, "data.sql")];
const signal = new AbortController().signal;
const BLOB_BYTES = 64 * 2 ** 20;

let source: MariadbServer;
let engine: DumpEngine;
let facts: ServerFacts;
let dumped: DumpFacts;
/** One loaded as it is used, one with every table treated as a large one. */
const copies: ScratchServer[] = [];

function ask(connection: Connection, ...statements: string[]): Promise<Row[]> {
  return withSession(connection, { signal, queryTimeoutMs: 0 }, async (session) => {
    let rows: Row[] = [];
    for (const sql of statements) rows = await session.rows("ask in a test", sql);
    return rows;
  });
}

async function restore(directory: string, largeTableBytes?: number): Promise<ScratchServer> {
  const server = await engine.startScratch({ directory, port: 0, settings: facts.settings, signal });
  copies.push(server);
  await engine.loadUsers(server.connection, createReadStream(usersFile), signal);
  const bytes: number[] = [];
  await loadData(server.connection, createReadStream(dataFile), {
    signal,
    onProgress: (done) => bytes.push(done),
    ...(largeTableBytes === undefined ? {} : { largeTableBytes }),
  });
  await engine.loadGrants(server.connection, createReadStream(usersFile), signal);
  expect(bytes.at(-1)).toBe((await readFile(dataFile)).length);
  return server;
}

beforeAll(async () => {
  await mkdir(root);
  source = await startMariadbServer({
    directory: join(root, "src"),
    serverId: 21,
    binlog: true,
    settings: { "max-allowed-packet": "1G", "sql-mode": "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE" },
  });
  await source.run(...ZOO_STATEMENTS);
  await source.run(...ZOO_USER_STATEMENTS);
  await source.run(
    "CREATE TABLE zoo.blobs (id INT PRIMARY KEY, b LONGBLOB, KEY k (b(10)))",
    `INSERT INTO zoo.blobs VALUES (1, REPEAT(UNHEX('00FF0A0D275C2260'), ${BLOB_BYTES / 8})), (2, '')`,
    // The two kinds of value that SQL text cannot carry.
    "CREATE TABLE archive.lossy (id INT PRIMARY KEY, f FLOAT, e ENUM('a', ''))",
    "INSERT INTO archive.lossy SELECT seq, RAND(seq) * 1000, IF(seq = 1, 'not a member', '') FROM zoo.seq_1_to_1000",
    // Statistics of InnoDB follow the data some seconds later by themselves.
    "ANALYZE LOCAL TABLE zoo.blobs",
  );
  engine = createDumpEngine(source.holdfast);
  facts = await engine.inspect(signal);
  const users = engine.dumpUsers(signal);
  await Promise.all([pipeline(users.output, createWriteStream(usersFile)), users.done]);
  const dump = engine.dump({ schemas: facts.schemas, leaveOut: [] }, { signal });
  await pipeline(dump.output, createWriteStream(dataFile));
  dumped = await dump.done;
  await restore(join(root, "a"));
  await restore(join(root, "b"), 0);
}, 120_000);

afterAll(async () => {
  try {
    for (const copy of copies) await copy.stop();
    await source.kill();
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

describe("what was inspected and dumped", () => {
  test("names every schema of the applications and none of the server's", () => {
    expect(facts.schemas).toEqual(ZOO_SCHEMAS);
    expect(facts).toMatchObject({ serverId: "21", dataDirectory: `${source.dataDirectory}/` });
    expect(facts.dataBytes).toBeGreaterThan(BLOB_BYTES);
    expect(facts.tables).toBe(dumped.tables.length);
    expect(facts.logFiles.at(-1)).toEqual({ file: facts.position.file, sizeBytes: facts.position.offset });
  });

  test("carries the position of its snapshot, which is the server's own on a quiet server", () => {
    expect(dumped.position).toEqual(facts.position);
    expect(dumped.endPosition).toEqual(facts.position);
    expect(dumped.position.gtid).toMatch(/^0-21-\d+$/);
  });

  test("counts every kind of object", () => {
    expect(dumped).toMatchObject(ZOO_COUNTS);
    const rows = Object.fromEntries(dumped.tables.map((table) => [`${table.schema}.${table.table}`, table.rows]));
    expect(rows).toMatchObject({
      "zoo.customers": 3,
      "zoo.orders": 2,
      "zoo.history": 3,
      "zoo.named_history": 3,
      "zoo.nokey": 4,
      "zoo.empty_one": 0,
      "zoo.keys_of_all_kinds": 500,
      "zoo.blobs": 2,
      [`${ODD_SCHEMA}.new\nline`]: 2,
    });
  });
});

/** Every row of a table as the server prints it, in an order of its own: asked for without our digest. */
async function readRows(connection: Connection, schema: string, table: string): Promise<Row[]> {
  const name = `${quoteName(schema)}.${quoteName(table)}`;
  const columns = await ask(connection, `SHOW COLUMNS FROM ${quoteName(table)} FROM ${quoteName(schema)}`);
  const [type] = await ask(
    connection,
    `SELECT table_type AS t FROM information_schema.tables WHERE table_schema = ${quoteText(schema)} AND table_name = ${quoteText(table)}`,
  );
  const list = columns.map(
    (column) => `MD5(CONCAT(${quoteName(String(column.Field))})), LENGTH(${quoteName(String(column.Field))})`,
  );
  const all = type?.t === "SYSTEM VERSIONED" ? "FOR SYSTEM_TIME ALL" : "";
  return ask(
    connection,
    `SELECT ${list.map((item, index) => `${item.replace("), LENGTH", `) AS a${index}, LENGTH`)} AS b${index}`).join(", ")} FROM ${name} ${all} ORDER BY ${list.map((_, index) => `a${index}`).join(", ")}`,
  );
}

describe.each([0, 1])("what comes back, on copy %i", (index) => {
  const copy = () => copies[index]?.connection ?? source.root;

  test("has every table with the same rows, digests and definition", async () => {
    expect(await engine.digestTables(copy(), facts.schemas, signal)).toEqual(dumped.tables);
  });

  test("has the same rows when asked without our own digest, history included", async () => {
    for (const { schema, table, rows } of dumped.tables) {
      const [here, there] = [await readRows(source.root, schema, table), await readRows(copy(), schema, table)];
      expect(there, `${schema}.${table}`).toEqual(here);
      expect(here.length, `${schema}.${table}`).toBe(rows);
    }
  });

  test("has the same views, triggers, routines, events and constraints", async () => {
    const queries = [
      "SELECT table_schema, table_name, view_definition, definer, security_type, check_option FROM information_schema.views WHERE table_schema <> 'sys' ORDER BY 1, 2",
      "SELECT trigger_schema, trigger_name, event_manipulation, action_timing, action_statement, sql_mode, definer FROM information_schema.triggers WHERE trigger_schema <> 'sys' ORDER BY 1, 2",
      "SELECT routine_schema, routine_name, routine_type, routine_definition, sql_mode, definer, is_deterministic FROM information_schema.routines WHERE routine_schema NOT IN ('sys', 'mysql') ORDER BY 1, 2, 3",
      "SELECT event_schema, event_name, event_definition, interval_value, interval_field, status, sql_mode, time_zone FROM information_schema.events ORDER BY 1, 2",
      "SELECT constraint_schema, table_name, constraint_name, referenced_table_name, unique_constraint_name, update_rule, delete_rule FROM information_schema.referential_constraints ORDER BY 1, 2, 3",
      "SELECT table_schema, table_name, index_name, seq_in_index, column_name, non_unique, sub_part, nullable, index_comment, ignored, collation FROM information_schema.statistics WHERE table_schema NOT IN ('mysql', 'sys') ORDER BY 1, 2, 3, 4",
      "SELECT schema_name, default_character_set_name, default_collation_name FROM information_schema.schemata ORDER BY 1",
    ];
    for (const sql of queries) {
      const here = await ask(source.root, sql);
      expect(here.length).toBeGreaterThan(1);
      expect(await ask(copy(), sql)).toEqual(here);
    }
  });

  test("obeys its constraints and runs its programs", async () => {
    await expect(ask(copy(), "INSERT INTO zoo.a_child (code) VALUES ('nobody')")).rejects.toThrow("1452");
    await expect(ask(copy(), "INSERT INTO zoo.tree VALUES (9, 'x', 'nobody')")).rejects.toThrow("1452");
    await expect(ask(copy(), "INSERT INTO zoo.named_history (id, parent) VALUES (9, 99)")).rejects.toThrow("1452");
    await expect(ask(copy(), "INSERT INTO zoo.z_parent VALUES (9, 'x')")).rejects.toThrow("1062");
    expect(await ask(copy(), "SELECT zoo.tax(10) AS tax")).toEqual([{ tax: "2.00" }]);
    expect((await ask(copy(), "SELECT name FROM archive.a_over_view")).length).toBe(1);
  });

  test("has the same users, roles and rights, by their own passwords, and Holdfast's account locked", async () => {
    const accounts =
      "SELECT User, Host, Priv FROM mysql.global_priv WHERE User NOT IN ('root', 'mariadb.sys', 'holdfast', 'PUBLIC') ORDER BY 1, 2";
    const strip = (rows: Row[]) =>
      rows.map((row) => ({ ...row, Priv: String(row.Priv).replace(/"password_last_changed":\d+/, "") }));
    const here = await ask(source.root, accounts);
    expect(here.length).toBe(6);
    expect(strip(await ask(copy(), accounts))).toEqual(strip(here));
    expect(
      await ask(
        copy(),
        "SELECT DISTINCT User, JSON_VALUE(Priv, '$.account_locked') AS locked FROM mysql.global_priv WHERE User = 'holdfast' OR (User = 'root' AND Host <> 'localhost')",
      ),
    ).toEqual([{ User: "holdfast", locked: "1" }]);
    for (const account of [
      "app@'%'",
      "'o''dd `x`'@'10.0.%'",
      "boss@localhost",
      "inner_role",
      "`outer role`",
      "PUBLIC",
    ]) {
      const grants = async (connection: Connection) =>
        (await ask(connection, `SHOW GRANTS FOR ${account}`)).map((row) => Object.values(row)[0]).sort();
      expect(await grants(copy()), account).toEqual(await grants(source.root));
    }
    const mapping =
      "SELECT Host, User, Role, Admin_option FROM mysql.roles_mapping WHERE User NOT IN ('root') ORDER BY 1, 2, 3";
    expect(await ask(copy(), mapping)).toEqual(await ask(source.root, mapping));
  });

  test("lets the loading account go on granting a role that root led on the source", async () => {
    const admin =
      "SELECT Role FROM mysql.roles_mapping WHERE User = 'root' AND Host = 'localhost' AND Admin_option = 'Y' ORDER BY 1";
    expect(await ask(copy(), admin)).toEqual(await ask(source.root, admin));
  });

  test("never goes back to a number that a sequence gave out", async () => {
    const [last] = await ask(source.root, "SELECT MAX(id) AS id FROM zoo.orders");
    const [next] = await ask(copy(), "SELECT NEXTVAL(zoo.order_no) AS n");
    expect(Number(next?.n)).toBeGreaterThan(Number(last?.id));
    expect((Number(next?.n) - 1000) % 7).toBe(0);
  });

  test("runs no event, although they are enabled", async () => {
    const [row] = await ask(copy(), "SELECT @@event_scheduler AS scheduler");
    expect(row?.scheduler).toBe("OFF");
    expect(await ask(copy(), "SELECT n FROM zoo.written WHERE what = 'tick'")).toEqual([]);
  });

  test("passes the check of every table", async () => {
    const checked = await engine.checkTables(copy(), signal);
    expect(checked.broken).toEqual([]);
    expect(checked.checked).toBeGreaterThan(dumped.tables.length);
  });

  test("answers the owner's own queries", async () => {
    expect(await engine.query(copy(), "SELECT COUNT(*) FROM zoo.customers", signal)).toBe("3");
    expect(await engine.query(copy(), "SELECT id FROM zoo.customers WHERE id < 0", signal)).toBeNull();
    expect(await engine.query(copy(), "SELECT b FROM zoo.customers, (SELECT NULL AS b) x", signal)).toBeNull();
  });

  test("is the same after the restart with safe settings", async () => {
    const server = copies[index];
    const before = server?.pid;
    await server?.makeSafe(signal);
    expect(server?.pid).not.toBe(before);
    const [row] = await ask(
      copy(),
      "SELECT @@innodb_doublewrite AS d, @@innodb_flush_log_at_trx_commit AS f, @@event_scheduler AS e",
    );
    expect(row).toEqual({ d: "1", f: "1", e: "OFF" });
    const again = await engine.digestTables(copy(), facts.schemas, signal);
    // The test before took a number from the sequence, which is no table; the rest is untouched.
    expect(again).toEqual(dumped.tables);
  });
});

describe("what SQL text cannot carry", () => {
  test("comes back changed, which the hazards said before the backup", async () => {
    const hazards = (await engine.findHazards(signal)).filter(({ effect }) => effect === "lossy");
    expect(hazards.map(({ id, object }) => [id, object])).toEqual([
      ["enum-empty-and-zero", "archive.lossy.e"],
      ["float-column", "archive.lossy"],
    ]);
    const exact = "SELECT id, CAST(f AS DOUBLE) AS f, e + 0 AS e FROM archive.lossy ORDER BY id";
    const [here, there] = [await ask(source.root, exact), await ask(copies[0]?.connection ?? source.root, exact)];
    expect(here.filter((row, index) => row.f !== there[index]?.f).length).toBeGreaterThan(900);
    expect([here[0]?.e, there[0]?.e]).toEqual(["0", "2"]);
    expect(here.slice(1).map((row) => row.e)).toEqual(there.slice(1).map((row) => row.e));
  });
});

describe("a digest", () => {
  test("tells a changed value, a missing row and a missing key from the original", async () => {
    const target = copies[0]?.connection ?? source.root;
    await ask(
      target,
      "UPDATE zoo.items SET n = 9 WHERE n = 2",
      "DELETE FROM zoo.nokey WHERE a = 1 LIMIT 1",
      "ALTER TABLE zoo.empty_one DROP KEY v",
      "UPDATE zoo.history SET v = 'changed'",
    );
    const found = await engine.digestTables(target, ["zoo"], signal);
    const different = dumped.tables.filter((table) => {
      const copy = found.find((other) => other.schema === table.schema && other.table === table.table);
      return table.schema === "zoo" && JSON.stringify(copy) !== JSON.stringify(table);
    });
    expect(different.map((table) => table.table)).toEqual(["empty_one", "history", "items", "nokey"]);
  });

  test("of a table without a primary key is the same in another order of rows", async () => {
    const target = copies[1]?.connection ?? source.root;
    await ask(
      target,
      "CREATE TABLE zoo.sorted AS SELECT * FROM zoo.nokey",
      "DELETE FROM zoo.nokey",
      "INSERT INTO zoo.nokey SELECT * FROM zoo.sorted ORDER BY a DESC, b",
      "DROP TABLE zoo.sorted",
    );
    expect(await engine.digestTables(target, facts.schemas, signal)).toEqual(dumped.tables);
  });

  test("of a schema that is not there is refused", async () => {
    await expect(engine.digestTables(copies[0]?.connection ?? source.root, ["nowhere"], signal)).rejects.toThrow(
      'schema "nowhere" is not on the target',
    );
  });
});
