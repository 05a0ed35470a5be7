import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { ZOO_SCHEMAS, ZOO_STATEMENTS } from "@/demo/mariadb/zoo";
import type { ScratchServer, TableFacts } from "../port";
import { withSession } from "./connect";
import { createMariadbEngine } from "./engine";
import { quoteName } from "./server/initialize-data-directory";

const directory = `/var/tmp/hf-cs-${process.pid}`;
const signal = new AbortController().signal;
/** Text with what ends a string, and a backslash. */
const QUOTES = String.raw`'it''s "quoted" \\ \0\Z\n\r;\n-- x'`;
const EVERY_BYTE = `0x${Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0")).join("")}`;
let server: MariadbServer;
let copy: ScratchServer | undefined;
let sets: string[];
let tables: TableFacts[];
const heads = new Map<string, string>();

/** Letters outside ASCII: of each set the first that it has. */
const LETTERS = ["é", "ж", "語", "ω", "א", "ة", "ก", "გ", "Ա"];

async function letterOf(set: string): Promise<string> {
  for (const letter of LETTERS) {
    const [row] = await ask(
      "source",
      `SELECT CONVERT(CONVERT('${letter}' USING ${set}) USING utf8mb4) = '${letter}' AS has`,
    );
    if ((row as { has: string } | undefined)?.has === "1") return letter;
  }
  return "z";
}

/** `plain` has what a dump in no character set may carry, `letters` what it may not. */
const SCHEMAS = ["plain", "letters"];

function isWithoutNames(schema: string, set: string): boolean {
  return set === "binary" || (schema === "plain" && /^(ucs2|utf16|utf32)/.test(set));
}

/** Every character of the basic plane that a character set has, 64 in a row, and those beyond it that fit. */
async function tableOf(schema: string, set: string): Promise<string[]> {
  const kinds = (kind: string, values: string) =>
    isWithoutNames(schema, set) ? "INT" : `${kind}(${values}) CHARACTER SET ${set}`;
  const letter = schema === "letters" ? await letterOf(set) : "z";
  return [
    `CREATE TABLE ${schema}.t_${set} (id INT PRIMARY KEY, v VARCHAR(300) CHARACTER SET ${set}, x TEXT CHARACTER SET ${set},
      e ${kinds("ENUM", `'a', '${letter}', 'it''s'`)}, s ${kinds("SET", `'${letter}', 'b'`)}, n INT, b VARBINARY(300), l LONGBLOB, i BIT(20))`,
    `INSERT INTO ${schema}.t_${set} (id, v) SELECT seq DIV 64, GROUP_CONCAT(CHAR(seq USING utf32) ORDER BY seq SEPARATOR '')
      FROM seq_1_to_65535 WHERE seq NOT BETWEEN 55296 AND 57343 GROUP BY seq DIV 64`,
    `INSERT INTO ${schema}.t_${set} VALUES (-1, ${QUOTES}, CONCAT(${QUOTES}, '🦊'), 2, 3, 1, ${EVERY_BYTE}, REPEAT(${EVERY_BYTE}, 50), 262401), (-2, '', NULL, 3, 2, NULL, '', NULL, 0)`,
  ];
}

/** The zoo without the columns that a dump in no character set may not carry. */
const ZOO = ZOO_STATEMENTS.map((sql) =>
  sql
    .replace(" i6 INET6, i4 INET4, u UUID,", "")
    .replace(" '::1', '10.0.0.1', '123e4567-e89b-12d3-a456-426655440000',", ""),
);

/** How a server tells every object of some schemas, by kind and name. */
async function definitionsOf(where: "source" | "copy", schemas: readonly string[]): Promise<Record<string, unknown>> {
  const list = schemas.map((schema) => `'${schema.replaceAll("'", "''")}'`).join(", ");
  const found = await ask(
    where,
    `SELECT IF(table_type = 'VIEW', 'VIEW', 'TABLE') AS kind, table_schema AS s, table_name AS n FROM information_schema.tables WHERE table_schema IN (${list})
      UNION ALL SELECT 'TRIGGER', trigger_schema, trigger_name FROM information_schema.triggers WHERE trigger_schema IN (${list})
      UNION ALL SELECT routine_type, routine_schema, routine_name FROM information_schema.routines WHERE routine_schema IN (${list})
      UNION ALL SELECT 'EVENT', event_schema, event_name FROM information_schema.events WHERE event_schema IN (${list})`,
  );
  const definitions: Record<string, unknown> = {};
  for (const { kind, s, n } of found as { kind: string; s: string; n: string }[]) {
    const name = `${kind} ${quoteName(s)}.${quoteName(n)}`;
    const [told = {}] = (await ask(where, `SHOW CREATE ${name}`)) as Record<string, unknown>[];
    // When a trigger was made is no part of it.
    definitions[name] = { ...told, Created: null };
  }
  return definitions;
}

async function ask(where: "source" | "copy", sql: string): Promise<unknown[]> {
  const connection = where === "source" ? server.root : copy?.connection;
  if (!connection) throw new Error("there is no copy");
  return withSession(connection, { signal }, (session) => session.rows("ask", sql));
}

beforeAll(async () => {
  await mkdir(directory);
  server = await startMariadbServer({ directory: join(directory, "s"), serverId: 61, binlog: true });
  const rows = await server.run("SELECT character_set_name AS name FROM information_schema.character_sets ORDER BY 1");
  // A table cannot have the file system's own.
  sets = rows.map((row) => String(row.name)).filter((name) => name !== "filename");
  const engine = createMariadbEngine(server.holdfast);
  const facts = await engine.inspect(signal);
  copy = await engine.startScratch({ directory: join(directory, "c"), port: 0, settings: facts.settings, signal });
  await server.run(...ZOO);
  const zoo = engine.dump({ schemas: ZOO_SCHEMAS, leaveOut: [] }, { signal });
  zoo.output.once("data", (head: Buffer) => heads.set("zoo", head.toString("latin1")));
  await engine.load(copy.connection, zoo.output, { signal });
  tables = (await zoo.done).tables;
  for (const schema of SCHEMAS) {
    await server.run(`CREATE DATABASE ${schema} CHARACTER SET utf8mb4`);
    for (const set of sets) {
      const statements = await tableOf(schema, set);
      await server.run(`USE ${schema}`, "SET SESSION sql_mode = '', group_concat_max_len = 100000", ...statements);
    }
    const dump = engine.dump({ schemas: [schema], leaveOut: [] }, { signal });
    dump.output.once("data", (head: Buffer) => heads.set(schema, head.toString("latin1")));
    await engine.load(copy.connection, dump.output, { signal });
    await dump.done;
  }
});

afterAll(async () => {
  await copy?.stop();
  await server.kill();
  await rm(directory, { recursive: true, force: true });
});

test.each([
  ["plain", "SET NAMES binary"],
  ["letters", "SET NAMES utf8mb4"],
])("text of every character set comes back byte by byte: schema %s, dumped with %s", async (schema, names) => {
  expect(heads.get(schema)).toContain(names);
  expect(sets).toEqual(
    expect.arrayContaining(["big5", "gbk", "sjis", "cp932", "ucs2", "utf16", "utf32", "latin1", "utf8mb4"]),
  );
  for (const set of sets) {
    const sql = `SELECT id, HEX(v) AS v, HEX(x) AS x, e + 0 AS e, s + 0 AS s, n, HEX(b) AS b, HEX(l) AS l, i + 0 AS i FROM ${schema}.t_${set} ORDER BY id`;
    const source = await ask("source", sql);
    expect(source.length, set).toBeGreaterThan(990);
    expect(await ask("copy", sql), set).toEqual(source);
    const definition = `SHOW CREATE TABLE ${schema}.t_${set}`;
    expect(await ask("copy", definition), set).toEqual(await ask("source", definition));
  }
});

test("views, triggers, routines, events and odd names come back from a dump that looks at no character", async () => {
  expect(heads.get("zoo")).toContain("SET NAMES binary");
  const source = await definitionsOf("source", ZOO_SCHEMAS);
  expect(Object.keys(source).length).toBeGreaterThan(35);
  expect(await definitionsOf("copy", ZOO_SCHEMAS)).toEqual(source);
  const connection = copy?.connection ?? server.root;
  expect(await createMariadbEngine(server.holdfast).digestTables(connection, ZOO_SCHEMAS, { signal })).toEqual(tables);
});
