import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readOwnPrograms } from "@/demo/mariadb/read-programs";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import type { ScratchServer, ServerSettings } from "../port";
import { withSession } from "./connect";
import { loadData, type LoadOptions } from "./load";
import { loadUsersPart } from "./load-users";
import { startScratch } from "./scratch-server";

const root = `/var/tmp/hf-load-${process.pid}`;
const signal = new AbortController().signal;
const SETTINGS: ServerSettings = {
  version: "10.11.19-MariaDB",
  lowerCaseTableNames: 0,
  pageSizeBytes: 16_384,
  characterSet: "utf8mb4",
  collation: "utf8mb4_general_ci",
  sqlMode: "",
  timeZone: "SYSTEM",
  hasTimeZoneTables: false,
  plugins: [],
};
const PATIENTLY = { timeout: 20_000, interval: 20 };
const SECRET_ROW = "client-4711-of-row";
let target: ScratchServer;

beforeAll(async () => {
  await mkdir(root);
  target = await startScratch({ directory: join(root, "t"), port: 0, settings: SETTINGS, signal });
});

afterAll(async () => {
  try {
    await target.stop();
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

const FOOTER = "\n-- Dump completed on 2026-11-23 10:00:00\n";

/** A dump as MariaDB writes it, of one table with these rows. */
function dumpOf(rows: readonly string[], keys = ""): string {
  return `/*M!999999\\- enable the sandbox mode */ 
-- MariaDB dump
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;

CREATE DATABASE /*!32312 IF NOT EXISTS*/ \`shop\`;

USE \`shop\`;

DROP TABLE IF EXISTS \`t\`;
CREATE TABLE \`t\` (
  \`id\` int(11) NOT NULL,
  \`v\` varchar(100) DEFAULT NULL,
  PRIMARY KEY (\`id\`)${keys}
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

--
-- Dumping data for table \`t\`
--

/*!40000 ALTER TABLE \`t\` DISABLE KEYS */;
INSERT INTO \`t\` VALUES
${rows.join(",\n")};
/*!40000 ALTER TABLE \`t\` ENABLE KEYS */;
${FOOTER}`;
}

const ROWS = ["(1,'a')", `(2,'${SECRET_ROW}')`];
const load = (sql: string | Readable, options: Partial<LoadOptions> = {}) =>
  loadData(target.connection, typeof sql === "string" ? Readable.from([Buffer.from(sql)]) : sql, {
    signal,
    ...options,
  });

async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

const ask = (sql: string) =>
  withSession(target.connection, { signal }, (session) => session.rows("ask in a test", sql));

/** Command lines and environments of the client programs that this process started and that run now. */
const readClients = async () => (await readOwnPrograms("mariadb")).map(({ text }) => text);

describe("a load", () => {
  test("brings the rows, and builds keys after them", async () => {
    await load(dumpOf(ROWS, ",\n  UNIQUE KEY `v` (`v`)"), { largeTableBytes: 0 });
    expect(await ask("SELECT COUNT(*) AS n FROM shop.t")).toEqual([{ n: "2" }]);
    expect(
      await ask("SELECT index_name AS k FROM information_schema.statistics WHERE table_schema = 'shop' ORDER BY 1"),
    ).toEqual([{ k: "PRIMARY" }, { k: "v" }]);
  });

  test("may be done again over what is there", async () => {
    await load(dumpOf(ROWS));
    expect(await ask("SELECT COUNT(*) AS n FROM shop.t")).toEqual([{ n: "2" }]);
  });

  test("of a dump that is cut fails wherever the cut is", async () => {
    const whole = dumpOf(ROWS);
    const cuts = [
      0,
      40,
      whole.indexOf("CREATE TABLE") + 20,
      whole.indexOf("(2,"),
      whole.indexOf("/*!40000 ALTER TABLE `t` ENABLE"),
      whole.indexOf(FOOTER),
      whole.length - 3,
    ];
    for (const cut of cuts) {
      const error = await thrownBy(load(whole.slice(0, cut)));
      expect(error, `cut at ${cut}`).toBeInstanceOf(EngineError);
      expect(error, `cut at ${cut}`).toMatchObject({
        permanent: true,
        message: expect.stringContaining("not whole") as string,
      });
    }
  });

  test("that meets an error shows its number, and nothing of the row or the statement", async () => {
    const error = await thrownBy(load(dumpOf([...ROWS, `(2,'${SECRET_ROW} again')`])));
    expect(error).toBeInstanceOf(EngineError);
    expect((error as EngineError).message).toContain("1062");
    expect(inspect(error, { depth: 9 })).not.toMatch(/4711|INSERT|PRIMARY/);
  });

  test("whose key cannot be built fails, and shows nothing of the row", async () => {
    const sql = dumpOf(["(1,'same-4711')", "(2,'same-4711')"], ",\n  UNIQUE KEY `v` (`v`)");
    const error = await thrownBy(load(sql, { largeTableBytes: 0 }));
    expect(error).toBeInstanceOf(EngineError);
    expect((error as EngineError).message).toContain("could not build the keys of a table");
    expect(inspect(error, { depth: 9 })).not.toContain("4711");
    expect(await readClients()).toEqual([]);
  });

  test("of something that breaks off on its way ends with that error", async () => {
    const sql = Readable.from(
      (async function* () {
        yield Buffer.from(dumpOf(ROWS).slice(0, 400));
        await Promise.resolve();
        throw new EngineError("the object is damaged", {
          engine: "test",
          operation: "read",
          permanent: true,
          hint: "Take another.",
        });
      })(),
    );
    await expect(load(sql)).rejects.toThrow("the object is damaged");
    expect(await readClients()).toEqual([]);
  });

  test("shows no password in any command line or environment while it runs", async () => {
    const sql = new PassThrough();
    const loading = load(sql);
    sql.write(dumpOf(ROWS).slice(0, -FOOTER.length));
    await expect.poll(async () => (await readClients()).length, PATIENTLY).toBe(2);
    for (const text of await readClients()) expect(text).not.toContain(target.connection.password.reveal());
    sql.end(FOOTER);
    await loading;
  });

  test("that is cancelled ends its client and is no failure", async () => {
    const controller = new AbortController();
    const sql = new PassThrough();
    const loading = load(sql, { signal: controller.signal });
    sql.write(dumpOf(ROWS).slice(0, -FOOTER.length));
    await expect.poll(async () => (await readClients()).length, PATIENTLY).toBe(2);
    controller.abort();
    expect(await thrownBy(loading)).toBeInstanceOf(CancelledError);
    expect(await readClients()).toEqual([]);
  });

  test("into a server that runs events is refused", async () => {
    await ask("SET GLOBAL event_scheduler = ON");
    await expect(load(dumpOf(ROWS))).rejects.toThrow("event scheduler is on");
    await ask("SET GLOBAL event_scheduler = OFF");
  });

  test("raises the target's packet size where it is too small for the largest row", async () => {
    await ask("SET GLOBAL max_allowed_packet = 16777216");
    await load(dumpOf([`(1,REPEAT('x', 99))`]));
    expect(await ask("SELECT @@GLOBAL.max_allowed_packet AS p")).toEqual([{ p: String(2 ** 30) }]);
  });
});

describe("a load of users", () => {
  const loadUsers = (sql: string) =>
    loadUsersPart(target.connection, Readable.from([Buffer.from(sql)]), {
      part: "accounts",
      locked: ["holdfast"],
      signal,
    });

  test("that are cut fails", async () => {
    await expect(loadUsers("CREATE USER `a`@`%`;\n")).rejects.toThrow("not whole");
  });

  test("shows nothing of a statement that fails: it may hold a password's hash", async () => {
    const end = `SET NAMES utf8mb4;\n-- Dump of the rights of PUBLIC completed\n`;
    const error = await thrownBy(loadUsers(`CREATE USER \`a\`@\`%\` IDENTIFIED BY PASSWORD 'hash-4711';\n\n${end}`));
    expect(error).toBeInstanceOf(EngineError);
    expect(inspect(error, { depth: 9 })).not.toContain("4711");
  });
});

describe("a server that is killed", () => {
  test("while rows come in ends the load with a hint", async () => {
    const sql = new PassThrough();
    await ask("DROP DATABASE shop");
    const failure = thrownBy(load(sql));
    sql.write(dumpOf(ROWS).slice(0, -FOOTER.length));
    await expect
      .poll(
        async () => (await ask("SELECT 1 FROM information_schema.tables WHERE table_schema = 'shop'")).length,
        PATIENTLY,
      )
      .toBe(1);
    process.kill(target.pid, "SIGKILL");
    await target.exited();
    sql.end(FOOTER);
    const error = await failure;
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ permanent: false });
    expect((error as EngineError).hint).toMatch(/[.?]$/);
  });
});
