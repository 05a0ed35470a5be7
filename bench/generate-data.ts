import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeDefaultsFile } from "@/lib/engines/database/mariadb/defaults-file";
import type { Connection } from "@/lib/engines/database/port";
import { startProgram } from "@/lib/engines/shared/process";

/* The same rows at every run: what a fixed seed and a counter give. About 45 % of their size are left under gzip. */

const TABLES = 8;
const ROWS_A_CHUNK = 2_000;
/** Bytes of SQL that one row takes in the dump, as measured. */
const ROW_BYTES = 275;
const SYLLABLES =
  "ba be bi bo bu da de di do du fa fe ga go ha hi jo ka ke ki ko la le li lo ma me mi mo na ne ni no pa pe ra re ri ro sa se si so ta te ti to va ve vo wa we".split(
    " ",
  );
const VOCABULARY = Array.from({ length: 4_096 }, (_, index) => {
  const digest = createHash("sha256").update(`word ${index}`).digest();
  const length = 2 + ((digest[0] ?? 0) % 3);
  return Array.from({ length }, (_, at) => SYLLABLES[(digest[at + 1] ?? 0) % SYLLABLES.length]).join("");
});

const createTable = (name: string) => `CREATE TABLE bench.${name} (
  id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  customer INT UNSIGNED NOT NULL,
  state TINYINT UNSIGNED NOT NULL,
  amount DECIMAL(12,2) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  token CHAR(64) CHARACTER SET ascii NOT NULL,
  email VARCHAR(120) CHARACTER SET ascii NOT NULL,
  note VARCHAR(255) NOT NULL,
  KEY by_customer (customer, created_at),
  KEY by_state (state, created_at),
  KEY by_token (token)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;`;

/** What a shop keeps: numbers, times, an address, tokens, and words. */
function row(table: number, id: number): string {
  const digest = createHash("sha512").update(`holdfast/${table}/${id}`).digest();
  const hex = digest.toString("hex");
  const word = (at: number) => VOCABULARY[digest.readUInt16BE(at) % VOCABULARY.length] ?? "";
  const customer = digest.readUInt32BE(0) % 200_000;
  const amount = `${digest.readUInt32BE(4) % 100_000}.${String((digest[8] ?? 0) % 100).padStart(2, "0")}`;
  const at = new Date(1_700_000_000_000 + id * 977).toISOString().replace("T", " ").slice(0, 23);
  const note = Array.from({ length: 20 }, (_, index) => word(index * 2)).join(" ");
  const values = [id, customer, (digest[9] ?? 0) % 6, amount, `'${at}'`, `'${hex.slice(0, 64)}'`];
  return `(${values.join(",")},'${word(50)}.${word(52)}@${word(54)}.example','${note}')`;
}

/** Fills schema `bench` with so many bytes of SQL text in eight tables. Returns the number of rows. */
export async function generateData(server: Connection, sqlBytes: number): Promise<number> {
  const rows = Math.ceil(sqlBytes / ROW_BYTES / TABLES);
  const names = Array.from({ length: TABLES }, (_, index) => `orders_${index + 1}`);
  await runSql(server, ["CREATE DATABASE bench;", ...names.map(createTable)].join("\n"));
  for (const [table, name] of names.entries()) await loadTable(server, { table, name, rows });
  return rows * TABLES;
}

async function loadTable(server: Connection, { table, name, rows }: { table: number; name: string; rows: number }) {
  await feedSql(server, async (write) => {
    // Not in the server's log: it is the data before the benchmark, not its work.
    await write("SET SESSION sql_log_bin = 0, unique_checks = 0, autocommit = 0;\n");
    for (let id = 1; id <= rows; id += ROWS_A_CHUNK) {
      const ids = Array.from({ length: Math.min(ROWS_A_CHUNK, rows - id + 1) }, (_, index) => id + index);
      await write(`INSERT INTO bench.${name} VALUES ${ids.map((each) => row(table, each)).join(",")};\nCOMMIT;\n`);
    }
  });
}

/** Runs SQL text with MariaDB's own client. */
export function runSql(server: Connection, sql: string): Promise<void> {
  return feedSql(server, (write) => write(sql));
}

/** Feeds MariaDB's own client with SQL text as it comes. */
export async function feedSql(
  server: Connection,
  feed: (write: (text: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const defaults = await writeDefaultsFile(server);
  try {
    const { child, done } = startProgram({
      engine: "bench",
      operation: "make the data",
      program: "mariadb",
      args: [defaults.argument, "--max-allowed-packet=1G"],
      stdio: ["pipe", "ignore", "pipe"],
      signal: new AbortController().signal,
      hint: "Is there room for the data and its log?",
    });
    const { stdin } = child;
    if (!stdin) throw new Error("the client takes no input");
    stdin.on("error", () => undefined); // The client's own end tells why.
    await feed(async (text) => {
      if (!stdin.write(text)) await Promise.race([once(stdin, "drain"), done]);
    });
    stdin.end();
    await done;
  } finally {
    await defaults.remove();
  }
}
