import { createWriteStream } from "node:fs";
import { mkdir, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { readOwnPrograms, readPrograms } from "@/demo/mariadb/read-programs";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { Secret } from "@/lib/kernel/secret";
import type { Dump } from "../port";
import { dumpData } from "./dump";
import { dumpUsers } from "./dump-users";
import { createMariadbEngine } from "./engine";

const directory = `/var/tmp/hf-dmp-${process.pid}`;
const signal = new AbortController().signal;
const ROW = "row-of-client-4711";
let server: MariadbServer;

beforeAll(async () => {
  await mkdir(directory);
  server = await startMariadbServer({ directory: join(directory, "s"), serverId: 51, binlog: true });
  await server.run(
    "CREATE DATABASE shop",
    "CREATE TABLE shop.a_large (id INT PRIMARY KEY, v TEXT)",
    `INSERT INTO shop.a_large SELECT seq, CONCAT('${ROW} ', REPEAT(MD5(seq), 100)) FROM shop.seq_1_to_8000`,
    "CREATE TABLE shop.z_late (id INT PRIMARY KEY, v INT)",
    "INSERT INTO shop.z_late VALUES (1, 1)",
    "CREATE TABLE shop.z_loose (id INT PRIMARY KEY) ENGINE=MyISAM",
  );
});

afterAll(async () => {
  try {
    await server.kill();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

const start = (options: { signal?: AbortSignal; leaveOut?: string[] } = {}): Dump =>
  dumpData(
    server.holdfast,
    { schemas: ["shop"], leaveOut: options.leaveOut ?? [] },
    { signal: options.signal ?? signal },
  );

/** A dump whose first bytes are out and whose program waits for its reader: its snapshot is taken, most tables are not read yet. */
async function startAndHold(options: { signal?: AbortSignal } = {}): Promise<Dump> {
  const dump = start(options);
  await new Promise<void>((resolve, reject) => {
    dump.output.once("readable", resolve);
    dump.output.once("error", reject);
  });
  return dump;
}

async function finish(dump: Dump): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of dump.output as AsyncIterable<Buffer>) chunks.push(chunk);
  await dump.done;
  return Buffer.concat(chunks).toString("utf8");
}

async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

const countDumpPrograms = async () => (await readOwnPrograms("mariadb-dump")).length;

describe("a dump", () => {
  test("of a server that is written to holds exactly the transactions up to its position", async () => {
    await server.run("CREATE TABLE shop.z_written (id INT AUTO_INCREMENT PRIMARY KEY)");
    const [before] = await server.run("SELECT @@gtid_binlog_pos AS gtid");
    let isDone = false;
    const writing = (async () => {
      while (!isDone) await server.run("INSERT INTO shop.z_written () VALUES ()");
    })();
    const dump = start();
    await finish(dump);
    isDone = true;
    await writing;
    const facts = await dump.done;
    const number = (gtid: unknown) => Number(String(gtid).split("-")[2]);
    const rows = facts.tables.find(({ table }) => table === "z_written")?.rows;
    expect(rows).toBe(number(facts.position.gtid) - number(before?.gtid));
    expect(number(facts.endPosition.gtid)).toBeGreaterThan(number(facts.position.gtid));
    expect(facts.endPosition.offset).toBeGreaterThan(facts.position.offset);
    await server.run("DROP TABLE shop.z_written");
  });

  test("tells its progress in bytes, up to its size", async () => {
    const seen: number[] = [];
    const dump = dumpData(
      server.holdfast,
      { schemas: ["shop"], leaveOut: [] },
      { signal, onProgress: (bytes) => seen.push(bytes) },
    );
    const sql = await finish(dump);
    expect(seen.at(-1)).toBe(Buffer.byteLength(sql));
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  test("shows neither password nor row in any command line or environment, and leaves no file with it", async () => {
    const dump = await startAndHold();
    const password = server.holdfast.password.reveal();
    const processes = await readPrograms();
    expect(processes.some(({ text }) => text.startsWith("mariadb-dump\0"))).toBe(true);
    for (const { text } of processes) {
      expect(text.includes(password)).toBe(false);
      expect(text.includes(ROW)).toBe(false);
    }
    await finish(dump);
    for (const name of (await readdir(tmpdir())).filter((entry) => entry.startsWith("hf-"))) {
      const text = await readFile(join(tmpdir(), name, "client.cnf"), "utf8").catch(() => "");
      expect(text.includes(password)).toBe(false);
    }
  });

  test("of no schema is refused", async () => {
    const { output, done } = dumpData(server.holdfast, { schemas: [], leaveOut: [] }, { signal });
    output.resume();
    await expect(done).rejects.toThrow("there is no schema to dump");
  });
});

describe("a broken view", () => {
  test("ends the whole dump unless it is left out, and then it alone is missing", async () => {
    await server.run(
      "CREATE TABLE shop.gone (a INT)",
      "CREATE VIEW shop.broken AS SELECT a FROM shop.gone",
      "CREATE VIEW shop.well AS SELECT id FROM shop.z_late",
      "DROP TABLE shop.gone",
    );
    const failed = start();
    failed.output.resume();
    const error = await thrownBy(failed.done);
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ permanent: true, message: expect.stringContaining("shop.broken") as string });

    const engine = createMariadbEngine(server.holdfast);
    const broken = (await engine.findHazards(signal)).filter(({ id }) => id === "broken-view");
    expect(broken.map(({ object }) => object)).toEqual(["shop.broken"]);
    const dump = start({ leaveOut: broken.map(({ object }) => object) });
    const sql = await finish(dump);
    expect((await dump.done).views).toBe(1);
    expect(sql).not.toContain("`broken`");
    await server.run("DROP VIEW shop.broken", "DROP VIEW shop.well");
  });
});

describe("a change of the schema during a dump", () => {
  test.each([
    ["TRUNCATE TABLE shop.z_late", "a table changed or went away"],
    ["DROP TABLE shop.z_late", "a table changed or went away"],
    ["RENAME TABLE shop.z_late TO shop.z_later", "a table changed or went away"],
    ["CREATE OR REPLACE TABLE shop.z_late (id INT PRIMARY KEY)", "a table changed or went away"],
    [
      "CREATE TRIGGER shop.z_new BEFORE INSERT ON shop.z_late FOR EACH ROW SET NEW.v = 1",
      "the dump holds 1 triggers where the server has 0",
    ],
  ])("by %s ends it", async (sql, message) => {
    const dump = await startAndHold();
    await server.run(sql);
    const [thrown, told] = await Promise.all([thrownBy(finish(dump)), thrownBy(dump.done)]);
    expect(thrown).toBeInstanceOf(EngineError);
    expect(told).toMatchObject({ permanent: false, message: expect.stringContaining(message) as string });
    await server.run(
      "DROP TABLE IF EXISTS shop.z_later",
      "CREATE OR REPLACE TABLE shop.z_late (id INT PRIMARY KEY, v INT)",
      "INSERT INTO shop.z_late VALUES (1, 1)",
    );
  });

  test("by ADD COLUMN passes without a word, and the log tells", async () => {
    const dump = await startAndHold();
    await server.run("ALTER TABLE shop.z_late ADD COLUMN extra INT");
    const sql = await finish(dump);
    expect(sql).toMatch(/-- Dump completed on [^\n]+\n$/);
    const facts = await dump.done;
    const found = await createMariadbEngine(server.holdfast).findDisturbances(
      facts.position,
      facts.endPosition,
      signal,
    );
    expect(found.map(({ kind }) => kind)).toEqual(["schema-changed"]);
    await server.run("ALTER TABLE shop.z_late DROP COLUMN extra");
  });

  test("is not needed for trouble: a row that is written to MyISAM meanwhile is in the dump and in the log", async () => {
    const dump = await startAndHold();
    await server.run("INSERT INTO shop.z_loose VALUES (77)");
    const sql = await finish(dump);
    expect(sql).toContain("INSERT INTO `z_loose` VALUES\n(77);");
    const facts = await dump.done;
    const found = await createMariadbEngine(server.holdfast).findDisturbances(
      facts.position,
      facts.endPosition,
      signal,
    );
    expect(found.map(({ kind }) => kind)).toEqual(["non-transactional-row"]);
    await server.run("DELETE FROM shop.z_loose");
  });
});

describe("a dump that breaks off", () => {
  test("because its program was killed fails on both sides", async () => {
    const dump = await startAndHold();
    const [program] = await readOwnPrograms("mariadb-dump");
    process.kill(program?.pid ?? -1, "SIGKILL");
    const [read, told] = await Promise.all([thrownBy(finish(dump)), thrownBy(dump.done)]);
    expect(read).toBeInstanceOf(EngineError);
    expect(told).toMatchObject({ message: expect.stringContaining("was ended by SIGKILL") as string });
  });

  test("because it was cancelled is no failure, and its program ends", async () => {
    const controller = new AbortController();
    const dump = await startAndHold({ signal: controller.signal });
    controller.abort();
    expect(await thrownBy(dump.done)).toBeInstanceOf(CancelledError);
    expect(await thrownBy(finish(dump))).toBeInstanceOf(CancelledError);
    expect(await countDumpPrograms()).toBe(0);
    expect(await thrownBy(start({ signal: controller.signal }).done)).toBeInstanceOf(CancelledError);
  });

  test("because its reader went away ends its program", async () => {
    const dump = await startAndHold();
    dump.output.destroy();
    expect(await thrownBy(dump.done)).toBeInstanceOf(CancelledError);
    expect(await countDumpPrograms()).toBe(0);
  });

  test("because its reader failed leaves no program and no unhandled error", async () => {
    const dump = start();
    const failing = pipeline(
      dump.output,
      new Writable({ write: (_chunk, _encoding, next) => next(new Error("the disk is full")) }),
    );
    expect(String(await thrownBy(failing))).toContain("the disk is full");
    expect(await thrownBy(dump.done)).toBeInstanceOf(Error);
    expect(await countDumpPrograms()).toBe(0);
  });

  test("because of a wrong password says so without it", async () => {
    const wrong = { ...server.holdfast, password: new Secret("not-it-4711") };
    for (const { output, done } of [
      dumpData(wrong, { schemas: ["shop"], leaveOut: [] }, { signal }),
      dumpUsers(wrong, signal),
    ]) {
      output.resume();
      const error = await thrownBy(done);
      expect(error).toMatchObject({
        permanent: true,
        message: expect.stringContaining("refused the user name or the password") as string,
      });
      expect(inspect(error, { depth: 9 })).not.toContain("not-it-4711");
    }
  });

  test("because the server was killed says so, with a hint", async () => {
    const dump = await startAndHold();
    await server.kill();
    const [read, told] = await Promise.all([thrownBy(finish(dump)), thrownBy(dump.done)]);
    expect(read).toBeInstanceOf(EngineError);
    expect(told).toMatchObject({
      permanent: false,
      message: expect.stringContaining("closed the connection") as string,
    });
    expect(inspect(told, { depth: 9 })).not.toContain(ROW);
    await server.restart();
  });
});

describe("a dump of users", () => {
  test("ends with the rights of PUBLIC, which MariaDB's dump leaves out", async () => {
    await server.run("GRANT SHOW VIEW ON shop.* TO PUBLIC");
    const file = join(directory, "users.sql");
    const { output, done } = dumpUsers(server.holdfast, signal);
    await Promise.all([pipeline(output, createWriteStream(file)), done]);
    const [dumped, ours] = (await readFile(file, "utf8")).split(/(?<=-- Dump completed on [^\n]+\n)/);
    expect(dumped).not.toContain("PUBLIC");
    expect(ours).toContain("GRANT SHOW VIEW ON `shop`.* TO PUBLIC;\n");
  });
});
