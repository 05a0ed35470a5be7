import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import type { Connection, DumpFacts, ScratchServer, ServerFacts } from "../port";
import { type Row, withSession } from "./connect";
import { createDumpEngine, type DumpEngine } from "./dump-engine";
import { loadData, type LoadOptions } from "./load";

/* A schema without anything that must be dumped in characters: its bytes are dumped as they are, and its rows loaded as lines. */

const root = `/var/tmp/hf-lines-${process.pid}`;
const dataFile = join(root, "data.sql");
const signal = new AbortController().signal;
const PATIENTLY = { timeout: 20_000, interval: 20 };
const BLOB_BYTES = 64 * 2 ** 20;

/** Looks like the end of a row, of a statement, of a table's rows; every byte that is escaped, and some that are not. */
const NASTY = String.raw`'Zoë 🦊 \'),\n(1,''q'',NULL),"d" \` b \\ \\N ;\nINSERT INTO \`x\` VALUES\n(1);\n/*!40000 ALTER TABLE \`x\` ENABLE KEYS */;\r\t\0\Z%\_,'`;
const SHORT = String.raw`'"\'),\n(\\ \0'`;

const TABLES = [
  "CREATE DATABASE sorts CHARACTER SET utf8mb4",
  "CREATE DATABASE `l``x;` CHARACTER SET latin1",
  `CREATE TABLE sorts.numbers (id BIGINT AUTO_INCREMENT PRIMARY KEY, i8 TINYINT, u8 TINYINT UNSIGNED ZEROFILL, i16 SMALLINT, i24 MEDIUMINT, i32 INT, u64 BIGINT UNSIGNED,
    f64 DOUBLE, d DECIMAL(65,30), d0 DECIMAL(5,0), y YEAR, b1 BIT(1), b60 BIT(60), at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    KEY y (y), UNIQUE KEY u64 (u64)) AUTO_INCREMENT=4711`,
  `CREATE TABLE sorts.times (id INT PRIMARY KEY, d DATE, t TIME(6), dt DATETIME(3), ts TIMESTAMP(6) NULL, KEY ts (ts, d))`,
  `CREATE TABLE sorts.texts (id INT PRIMARY KEY, c CHAR(30), v VARCHAR(300), l VARCHAR(50) CHARACTER SET latin1, u16 VARCHAR(50) CHARACTER SET utf16, u3 TINYTEXT CHARACTER SET utf8mb3,
    e ENUM('a','it''s',',') NOT NULL, s SET('x','y;'), j JSON, z VARCHAR(200) COMPRESSED, KEY v (v(20)), UNIQUE KEY l (l), KEY e (e)) COMMENT='texts'`,
  "CREATE TABLE sorts.bytes (id INT PRIMARY KEY, b BINARY(4), vb VARBINARY(99), bl LONGBLOB, vt VARCHAR(20) CHARACTER SET binary, KEY b (b), KEY bl (bl(9)))",
  "CREATE TABLE sorts.without_key (a INT, v VARCHAR(20))",
  "CREATE TABLE sorts.zero (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT DEFAULT 5 CHECK (v > 0))",
  "CREATE TABLE sorts.words (id INT PRIMARY KEY, t TEXT, FULLTEXT KEY t (t))",
  "CREATE TABLE sorts.generated (id INT PRIMARY KEY, n INT, twice INT AS (n * 2) STORED, KEY twice (twice))",
  "CREATE TABLE sorts.parent (id INT PRIMARY KEY, code VARCHAR(9) NOT NULL, UNIQUE KEY code (code))",
  "CREATE TABLE sorts.a_child (id INT PRIMARY KEY, code VARCHAR(9), up INT, KEY code (code), KEY up (up), CONSTRAINT to_code FOREIGN KEY (code) REFERENCES sorts.parent (code) ON UPDATE CASCADE, CONSTRAINT to_up FOREIGN KEY (up) REFERENCES sorts.a_child (id))",
  "CREATE TABLE `l``x;`.`t``a,\\'☂` (`c``,` INT PRIMARY KEY, v VARCHAR(9), KEY `k``,` (v)) ROW_FORMAT=COMPRESSED",
  "CREATE TABLE sorts.tagged (id INT PRIMARY KEY, v INT)",
];

const ROWS = [
  `INSERT INTO sorts.numbers VALUES (1, -128, 7, -32768, -8388608, -2147483648, 18446744073709551615, 1e308, 99999999999999999999999999999999999.000000000000000000000000000001, -99999, 0000, b'1', b'101010101', '1999-01-01'),
    (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2038-01-19 03:14:07'), (3, 127, 255, 0, 0, 0, 0, -2.2250738585072014e-308, 0, 0, 2155, b'0', b'0', '2000-01-01'), (4, 1, 1, 1, 1, 1, 1, 0.1, 0.1, 1, 1901, b'1', b'10011100101100001010010111', '2000-01-01'),
    (5, 1, 1, 1, 1, 1, 39, -0e0, -0.1, 1, 1970, b'1', 10, '2000-01-01'), (6, 1, 1, 1, 1, 1, 92, 1e-5, 1e-30, 1, 1970, b'1', b'10000000', '2000-01-01')`,
  "INSERT INTO sorts.numbers (i32, f64) SELECT seq, RAND(seq) * POW(10, seq % 300) FROM sorts.seq_1_to_500",
  `INSERT INTO sorts.times VALUES (1, '0000-00-00', '-838:59:59.999999', '0000-00-00 00:00:00', NULL), (2, '9999-12-31', '00:00:00.000001', '9999-12-31 23:59:59.999', '2020-03-29 01:30:00.123456'), (3, '2024-00-00', NULL, '2020-02-29 00:00:00.1', '1970-01-01 00:00:01')`,
  `INSERT INTO sorts.texts VALUES (1, ${SHORT}, ${NASTY}, 'ÄÖß€', '日本', 'x', 'it''s', 'x,y;', '{"a": [1, 2.50, "é"]}', REPEAT('z', 150)), (2, 'NULL', 'NULL', 'NULL', 'NULL', 'NULL', ',', '', NULL, NULL),
    (3, '', '', '', '', '', 'a', 'y;', '[]', ''), (4, ' a ', ' a ', ' l', ${SHORT}, '"', 'a', NULL, '"\\\\n"', ${NASTY}), (5, NULL, NULL, NULL, NULL, NULL, 'a', NULL, NULL, NULL)`,
  // Bytes that are no text of their column's character set.
  "INSERT INTO sorts.texts (id, l, u16, e) VALUES (6, _latin1 x'8090fffe27', _utf16 x'd83edd8a0027002c', 'a')",
  `INSERT INTO sorts.bytes VALUES (1, x'00ff', x'00ff0a0d275c22', ${NASTY}, x'00'), (2, NULL, NULL, NULL, NULL), (3, '', '', '', ''), (4, x'2c290a27', x'272c', x'c328a0a1', x'ff')`,
  "INSERT INTO sorts.bytes (id, bl) SELECT seq + 10, (SELECT GROUP_CONCAT(CHAR(s.seq) SEPARATOR '') FROM sorts.seq_0_to_255 s) FROM sorts.seq_1_to_3",
  `INSERT INTO sorts.bytes (id, bl) VALUES (20, REPEAT(x'00FF0A0D275C2260', ${BLOB_BYTES / 8}))`,
  "INSERT INTO sorts.without_key VALUES (3, 'z'), (1, 'x'), (1, 'x'), (NULL, NULL), (2, 'y')",
  "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
  "INSERT INTO sorts.zero VALUES (0, 1), (-1, NULL), (7, 2)",
  "INSERT INTO sorts.words SELECT seq, CONCAT('word', seq, ' all') FROM sorts.seq_1_to_100",
  "INSERT INTO sorts.generated (id, n) SELECT seq, seq FROM sorts.seq_1_to_50",
  "INSERT INTO sorts.parent SELECT seq, CONCAT('c', seq) FROM sorts.seq_1_to_300",
  "INSERT INTO sorts.a_child SELECT seq, CONCAT('c', seq), IF(seq > 1, seq - 1, NULL) FROM sorts.seq_1_to_300",
  "INSERT INTO `l``x;`.`t``a,\\'☂` VALUES (1, 'ä'), (2, ''), (3, NULL)",
  "INSERT INTO sorts.tagged SELECT seq, seq FROM sorts.seq_1_to_20",
  // A trigger that ran during the load would change its rows.
  "CREATE TRIGGER sorts.more BEFORE INSERT ON sorts.tagged FOR EACH ROW SET NEW.v = NEW.v + 1",
];

let source: MariadbServer;
let engine: DumpEngine;
let facts: ServerFacts;
let dumped: DumpFacts;
let target: ScratchServer;

const ask = (connection: Connection, sql: string): Promise<Row[]> =>
  withSession(connection, { signal, queryTimeoutMs: 0 }, (session) => session.rows("ask in a test", sql));

/** Every table as a large one, and several LOAD DATA for one that holds more than a few bytes. */
const AS_LINES: Partial<LoadOptions> = { largeTableBytes: 0, linesBytes: 1_000 };
const load = (sql: Readable, options: Partial<LoadOptions> = AS_LINES, connection: Connection = target.connection) =>
  loadData(connection, sql, { signal, ...options });
const loadFile = (options?: Partial<LoadOptions>, connection?: Connection) =>
  load(createReadStream(dataFile), options, connection);

/** What was carried out since the server's start. */
async function count(connection: Connection, variable: string): Promise<number> {
  const [row] = await ask(connection, `SHOW GLOBAL STATUS LIKE '${variable}'`);
  return Number(row?.Value);
}

beforeAll(async () => {
  await mkdir(root);
  source = await startMariadbServer({
    directory: join(root, "src"),
    serverId: 22,
    binlog: true,
    settings: { "max-allowed-packet": "1G" },
  });
  await source.run("SET SESSION sql_mode = ''", ...TABLES, ...ROWS);
  engine = createDumpEngine(source.holdfast);
  facts = await engine.inspect(signal);
  const dump = engine.dump({ schemas: facts.schemas, leaveOut: [] }, { signal });
  await pipeline(dump.output, createWriteStream(dataFile));
  dumped = await dump.done;
  target = await engine.startScratch({ directory: join(root, "t"), port: 0, settings: facts.settings, signal });
}, 120_000);

afterAll(async () => {
  try {
    await target.stop();
    await source.kill();
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

/** Tables and their definitions as the server prints them, the next AUTO_INCREMENT included. */
async function readDefinitions(connection: Connection): Promise<unknown[]> {
  const tables = await ask(
    connection,
    "SELECT CONCAT('`', REPLACE(table_schema, '`', '``'), '`.`', REPLACE(table_name, '`', '``'), '`') AS name FROM information_schema.tables WHERE table_schema IN ('sorts', 'l`x;') ORDER BY 1",
  );
  const found: unknown[] = [];
  for (const { name } of tables) found.push((await ask(connection, `SHOW CREATE TABLE ${String(name)}`))[0]);
  return found;
}

describe("rows as lines", () => {
  test("bring back every kind of value, key and constraint that the dump carries as bytes", async () => {
    expect((await readFile(dataFile)).includes("SET NAMES binary")).toBe(true);
    const before = await count(target.connection, "Com_load");
    await loadFile();
    // Of a dozen tables all but three, whose rows leave columns out or whose INSERT is one for a reason of its own.
    expect((await count(target.connection, "Com_load")) - before).toBeGreaterThan(11);
    expect(await engine.digestTables(target.connection, facts.schemas, { signal })).toEqual(dumped.tables);
    expect(await readDefinitions(target.connection)).toEqual(await readDefinitions(source.root));
  });

  test("come in the order of the dump where no key gives one", async () => {
    const rows = await ask(target.connection, "SELECT a FROM sorts.without_key");
    expect(rows.map(({ a }) => a)).toEqual(["3", "1", "1", null, "2"]);
  });

  test("leave the next number of a counter as it was", async () => {
    await ask(target.connection, "INSERT INTO sorts.zero (v) VALUES (3)");
    expect(await ask(target.connection, "SELECT MAX(id) AS id FROM sorts.zero")).toEqual([{ id: "8" }]);
  });

  test("bring back the same as statements do where the server reads no file of ours", async () => {
    const connection = { ...target.connection, user: "no_file" };
    const password = connection.password.reveal();
    await ask(target.connection, `CREATE USER no_file@localhost IDENTIFIED BY '${password}'`);
    await ask(target.connection, "GRANT ALL ON *.* TO no_file@localhost WITH GRANT OPTION");
    await ask(target.connection, "REVOKE FILE ON *.* FROM no_file@localhost");
    const before = await count(target.connection, "Com_load");
    await loadFile(AS_LINES, connection);
    expect(await count(target.connection, "Com_load")).toBe(before);
    expect(await engine.digestTables(target.connection, facts.schemas, { signal })).toEqual(dumped.tables);
    expect(await readDefinitions(target.connection)).toEqual(await readDefinitions(source.root));
  });
});

const HEAD = "/*!40101 SET NAMES binary */;\nCREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop`;\nUSE `shop`;\n";
const FOOTER = "\n-- Dump completed on 2026-11-23 10:00:00\n";
const insert = (rows: readonly string[]) => `INSERT INTO \`t\` VALUES\n${rows.join(",\n")};\n`;
const dumpOf = (...statements: string[][]) => `${HEAD}
DROP TABLE IF EXISTS \`t\`;
CREATE TABLE \`t\` (
  \`id\` int(11) NOT NULL,
  \`v\` varchar(9000) DEFAULT NULL,
  PRIMARY KEY (\`id\`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

/*!40000 ALTER TABLE \`t\` DISABLE KEYS */;
${statements.map(insert).join("")}/*!40000 ALTER TABLE \`t\` ENABLE KEYS */;
${FOOTER}`;
/** Whose rows keep the order of the dump: one connection takes them while they come. */
const inOrder = (dump: string) => dump.replace("PRIMARY KEY", "KEY `id`");
const thrownBy = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );
const untilLines = (connections = 1) =>
  expect
    .poll(
      async () =>
        (
          await ask(
            target.connection,
            "SELECT 1 FROM information_schema.processlist WHERE info LIKE '%LOAD DATA INFILE%' AND id <> CONNECTION_ID()",
          )
        ).length,
      PATIENTLY,
    )
    .toBe(connections);

describe("a load of lines", () => {
  test("that meets a row twice fails with its number, and shows nothing of the row", async () => {
    for (const sql of [dumpOf(["(1,'a')", "(1,'client-4711')"]), dumpOf(["(1,'a')"], ["(1,'client-4711')"])]) {
      const error = await thrownBy(load(Readable.from([Buffer.from(sql)]), { largeTableBytes: 0, linesBytes: 0 }));
      expect(error).toBeInstanceOf(EngineError);
      expect((error as EngineError).message).toContain("1062");
      expect(inspect(error, { depth: 9 })).not.toMatch(/4711|INFILE|PRIMARY/);
    }
  });

  test("uses two connections for a table whose primary key gives the order, each set as the dump says", async () => {
    await ask(target.connection, "DROP DATABASE IF EXISTS shop");
    const sql = new PassThrough();
    const loading = load(sql, { largeTableBytes: 0, linesBytes: 0 });
    const text = dumpOf(["(0,'a')"], ["(2,'b')", "(3,'c')"], ["(1,'d')"])
      .replace("`id` int(11) NOT NULL", "`id` int(11) NOT NULL AUTO_INCREMENT")
      .replace("USE", "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0;\nUSE");
    const atSecond = text.indexOf("(2,");
    sql.write(text.slice(0, atSecond));
    await withSession(target.connection, { signal }, async (session) => {
      const isThere = () => session.rows("ask in a test", "SHOW TABLES FROM shop LIKE 't'");
      await expect.poll(async () => (await isThere()).length, PATIENTLY).toBe(1);
      const rows = () => session.rows("ask in a test", "SELECT id FROM shop.t");
      await expect.poll(async () => (await rows()).length, PATIENTLY).toBe(1);
      await session.rows("lock in a test", "LOCK TABLES shop.t READ");
      sql.end(text.slice(atSecond));
      await untilLines(2);
      await session.rows("unlock in a test", "UNLOCK TABLES");
    });
    await loading;
    expect(await ask(target.connection, "SELECT GROUP_CONCAT(id, v ORDER BY id) AS v FROM shop.t")).toEqual([
      { v: "0a,1d,2b,3c" },
    ]);
  });

  test("whose rows are fewer than were given fails", async () => {
    // No dump of MariaDB's holds such a row: to the server it ends only with the next one's.
    const sql = dumpOf(["(1,'a'x)", "(2,'b')"]);
    await expect(load(Readable.from([Buffer.from(sql)]))).rejects.toThrow(
      "of 2 rows that the target was given it took 1",
    );
  });

  test("that is cancelled ends at once, and its statement with it", async () => {
    const controller = new AbortController();
    const sql = new PassThrough();
    const loading = load(sql, { ...AS_LINES, signal: controller.signal });
    const text = inOrder(dumpOf(["(1,'a')", "(2,'b')"]));
    sql.write(text.slice(0, text.indexOf("(2,")));
    await untilLines();
    const begun = performance.now();
    controller.abort();
    expect(await thrownBy(loading)).toBeInstanceOf(CancelledError);
    expect(performance.now() - begun).toBeLessThan(4_000);
    await expect
      .poll(
        () =>
          ask(
            target.connection,
            "SELECT 1 FROM information_schema.processlist WHERE info LIKE '%LOAD DATA INFILE%' AND id <> CONNECTION_ID()",
          ),
        PATIENTLY,
      )
      .toEqual([]);
  });

  test("takes no more of the dump than the server does, and is cancelled at once although it hangs", async () => {
    const controller = new AbortController();
    const row = (id: number) => `,\n(${id},'${"x".repeat(8_000)}')`;
    let given = 0;
    const sql = Readable.from(
      (function* () {
        yield Buffer.from(dumpOf(["(1,'a')"]).split(";\n/*!40000 ALTER TABLE `t` ENABLE")[0] ?? "");
        for (let id = 2; id < 20_000; id += 1) {
          given += row(id).length;
          if (id === 200) process.kill(target.pid, "SIGSTOP");
          yield Buffer.from(row(id));
        }
      })(),
    );
    const failure = thrownBy(load(sql, { largeTableBytes: 0, signal: controller.signal }));
    try {
      let before = -1;
      await expect
        .poll(() => given > 2 ** 20 && before === (before = given), { ...PATIENTLY, interval: 200 })
        .toBe(true);
      expect(given).toBeLessThan(32 * 2 ** 20);
      controller.abort();
      expect(await failure).toBeInstanceOf(CancelledError);
    } finally {
      process.kill(target.pid, "SIGCONT");
    }
  });

  test("whose server is killed ends with a hint", async () => {
    const sql = new PassThrough();
    const failure = thrownBy(load(sql));
    const text = inOrder(dumpOf(["(1,'a')", "(2,'b')"]));
    sql.write(text.slice(0, text.indexOf("(2,")));
    await untilLines();
    process.kill(target.pid, "SIGKILL");
    await target.exited();
    sql.end(text.slice(text.indexOf("(2,")));
    const error = await failure;
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ permanent: false });
    expect((error as EngineError).hint).toMatch(/[.?]$/);
  });
});
