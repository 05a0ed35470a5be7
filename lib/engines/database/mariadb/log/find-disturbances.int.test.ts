import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import type { DumpDisturbance, LogPosition } from "../../port";
import { openHeartbeat, prepareHeartbeat } from "../heartbeat";
import { findDisturbances } from "./find-disturbances";

const directory = `/var/tmp/hf-log-disturb-${process.pid}`;
const { signal } = new AbortController();
let server: MariadbServer;

beforeAll(async () => {
  await mkdir(directory, { recursive: true });
  server = await startMariadbServer({ directory: join(directory, "s"), serverId: 7, binlog: true });
  await prepareHeartbeat(server.holdfast, signal);
  await server.run("CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v INT)");
}, 60_000);

afterAll(async () => {
  await server.kill();
  await rm(directory, { recursive: true, force: true });
});

async function position(): Promise<LogPosition> {
  const [row] = await server.run("SELECT @@gtid_binlog_pos AS gtid");
  const [master] = await server.run("SHOW MASTER STATUS");
  return { gtid: String(row?.gtid), file: String(master?.File), offset: Number(master?.Position) };
}

/** What is found between the beginning and the end of some statements, each list in a session of its own. */
async function during(...sessions: string[][]): Promise<DumpDisturbance[]> {
  const from = await position();
  for (const statements of sessions) await server.run(...statements);
  return findDisturbances(server.holdfast, { from, to: await position() }, signal);
}

test("data, heartbeats, temporary tables, sequences and ANALYZE disturb no dump", async () => {
  const heartbeat = openHeartbeat(server.holdfast);
  await server.run("CREATE SEQUENCE shop.q");
  const from = await position();
  await heartbeat.beat(1n, signal);
  await heartbeat.close();
  const temporary = "CREATE TEMPORARY TABLE shop.tmp (id INT)";
  const use = ["INSERT INTO shop.tmp VALUES (1)", "INSERT INTO shop.t (v) SELECT id FROM shop.tmp"];
  await server.run(
    "INSERT INTO shop.t (v) VALUES (1)",
    temporary,
    ...use,
    "SELECT NEXTVAL(shop.q)",
    "ANALYZE TABLE shop.t",
  );
  await server.run("SET SESSION binlog_format = MIXED", temporary, ...use, "DROP TEMPORARY TABLE shop.tmp");
  expect(await findDisturbances(server.holdfast, { from, to: await position() }, signal)).toEqual([]);
});

test("a changed schema and a changed account are found at their GTID, over a rotation of the log", async () => {
  const found = await during([
    "ALTER TABLE shop.t ADD COLUMN w INT",
    "FLUSH BINARY LOGS",
    "CREATE USER late@localhost",
  ]);
  expect(found.map(({ kind }) => kind)).toEqual(["schema-changed", "schema-changed"]);
  const [row] = await server.run("SELECT @@gtid_binlog_pos AS gtid");
  expect(found[1]?.gtid).toBe(row?.gtid);
  expect(found[0]?.file).not.toBe(found[1]?.file);
});

test("a row of a table that cannot roll back is found, also inside a larger transaction or as a statement", async () => {
  await server.run("CREATE TABLE shop.m (id INT PRIMARY KEY AUTO_INCREMENT, v INT) ENGINE=MyISAM");
  const alone = await during(["INSERT INTO shop.m (v) VALUES (1)"]);
  expect(alone.map(({ kind }) => kind)).toEqual(["non-transactional-row"]);
  const mixed = await during([
    "BEGIN",
    "INSERT INTO shop.t (v) VALUES (2)",
    "INSERT INTO shop.m (v) VALUES (2)",
    "COMMIT",
  ]);
  expect(mixed.map(({ kind }) => kind)).toContain("non-transactional-row");
  const statement = await during(["SET SESSION binlog_format = STATEMENT", "INSERT INTO shop.m (v) VALUES (3)"]);
  expect(statement.map(({ kind }) => kind)).toEqual(["non-transactional-row"]);
  // The other tables are still free.
  expect(await during(["INSERT INTO shop.t (v) VALUES (4)"])).toEqual([]);
});

test("what came before or after the dump is not its disturbance", async () => {
  await server.run("ALTER TABLE shop.t ADD COLUMN x INT");
  const from = await position();
  await server.run("INSERT INTO shop.t (v) VALUES (5)");
  const to = await position();
  await server.run("ALTER TABLE shop.t DROP COLUMN x");
  expect(await findDisturbances(server.holdfast, { from, to }, signal)).toEqual([]);
  expect(await findDisturbances(server.holdfast, { from: to, to }, signal)).toEqual([]);
});

test("a log that was purged since is an error, not a clean dump", async () => {
  const from = await position();
  await server.run("FLUSH BINARY LOGS", "INSERT INTO shop.t (v) VALUES (6)");
  const to = await position();
  await server.run(`PURGE BINARY LOGS TO '${to.file}'`);
  await expect(findDisturbances(server.holdfast, { from, to }, signal)).rejects.toThrow("no longer has its log");
});
