import { execFileSync } from "node:child_process";
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { Secret } from "@/lib/kernel/secret";
import type { Connection } from "../port";
import { openSession, withSession } from "./connect";
import { writeDefaultsFile } from "./defaults-file";
import { inspectServer } from "./inspect";
import { findFreePort } from "./server/free-port";

const directory = `/var/tmp/hf-conn-${process.pid}`;
const signal = new AbortController().signal;
const PATIENTLY = { timeout: 20_000, interval: 20 };
const SECRET = "never-shown-4711";
let server: MariadbServer;

beforeAll(async () => {
  await mkdir(directory);
  server = await startMariadbServer({ directory, serverId: 31, binlog: true, settings: { "max-connections": 12 } });
  await server.run(
    "CREATE DATABASE shop",
    "CREATE TABLE shop.clients (id INT PRIMARY KEY, name VARCHAR(50))",
    "INSERT INTO shop.clients VALUES (1, 'Ada of 4711')",
    "CREATE USER poor@localhost IDENTIFIED BY 'p'",
    "CREATE USER expired@localhost IDENTIFIED BY 'p' PASSWORD EXPIRE",
    "CREATE USER locked@localhost IDENTIFIED BY 'p' ACCOUNT LOCK",
  );
});

afterAll(async () => {
  try {
    await server.kill();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

async function failure(connection: Connection, sql = "SELECT 1"): Promise<EngineError> {
  const error: unknown = await withSession(connection, { signal, connectTimeoutMs: 1_000 }, (session) =>
    session.rows("ask", sql),
  ).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

const as = (user: string, password: string): Connection => ({ ...server.root, user, password: new Secret(password) });

describe("a connection that fails", () => {
  test.each([
    { by: "a wrong password", at: () => as("holdfast", SECRET), words: "refused the user name or the password" },
    { by: "an unknown user", at: () => as("nobody", SECRET), words: "refused the user name or the password" },
    { by: "an expired password", at: () => as("expired", "p"), words: "password has expired" },
    { by: "a locked account", at: () => as("locked", "p"), words: "the account is locked" },
    { by: "a wrong socket", at: () => ({ ...as("x", SECRET), socket: `${directory}/none` }), words: "does not exist" },
    {
      by: "an unknown host",
      at: () => ({ ...as("x", SECRET), socket: undefined, host: "no-such-host.invalid" }),
      words: "host name",
    },
  ])("by $by says so, with a hint and without the password", async ({ at, words }) => {
    const error = await failure(at());
    expect(error.message).toContain(words);
    expect(error.hint).toMatch(/^[A-Z].*[.?]$/);
    // Only where the server said no is another try in vain.
    expect(error.permanent).toBe(/refused|expired|locked/.test(error.message));
    expect(inspect(error, { depth: 9 })).not.toContain(SECRET);
  });

  test("by a port on which nobody listens may be tried again", async () => {
    const error = await failure({
      ...as("holdfast", SECRET),
      socket: undefined,
      host: "127.0.0.1",
      port: await findFreePort(),
    });
    expect(error).toMatchObject({ permanent: false, operation: "open a connection" });
    expect(error.message).toContain("nothing listens there");
  });

  test("by too many connections names the limit's setting", async () => {
    await server.run("ALTER USER poor@localhost WITH MAX_USER_CONNECTIONS 1");
    const first = await openSession(as("poor", "p"), { signal });
    expect((await failure(as("poor", "p"))).message).toMatch(/limit|too many/);
    await first.close();
    await server.run("ALTER USER poor@localhost WITH MAX_USER_CONNECTIONS 0");

    const open = [];
    for (let n = 0; n < 12; n += 1) open.push(await openSession(server.holdfast, { signal }));
    const error = await failure(server.holdfast);
    expect(error.message).toContain("too many connections");
    expect(error.hint).toContain("max_connections");
    for (const session of open) await session.close();
    // The server counts a connection a moment longer than its client does.
    const left = () => server.run("SELECT id FROM information_schema.processlist WHERE user IN ('poor', 'holdfast')");
    await expect.poll(left, PATIENTLY).toEqual([]);
  });
});

describe("a statement that fails", () => {
  test("for lack of a right names the right and no row", async () => {
    const error = await failure(as("poor", "p"), "SHOW MASTER STATUS");
    expect(error.message).toContain("BINLOG MONITOR");
    expect(error.permanent).toBe(true);
    expect((await failure(as("poor", "p"), "SELECT * FROM shop.clients")).message).toContain("SELECT command denied");
  });

  test("on a row shows nothing of it, nor the statement", async () => {
    const error = await failure(server.root, "INSERT INTO shop.clients VALUES (1, 'Ada of 4711')");
    expect(error.message).toContain("1062");
    const shown = inspect(error, { depth: 9 });
    expect(shown).not.toMatch(/Ada|INSERT|PRIMARY/);
    expect((await failure(server.root, "SELECT 'Ada of 4711' FROM WHERE")).message).not.toContain("Ada");
  });

  test("by its time limit says so and may be tried again", async () => {
    const slow = withSession(server.root, { signal, queryTimeoutMs: 200 }, (session) =>
      session.rows("wait", "SELECT COUNT(*) FROM shop.seq_1_to_1000000000 WHERE MD5(seq) = 'x'"),
    );
    await expect(slow).rejects.toMatchObject({
      permanent: false,
      message: expect.stringContaining("time limit") as string,
    });
  });

  test("because it was cancelled is no failure, and the server stops it", async () => {
    const controller = new AbortController();
    const session = await openSession(server.root, { signal: controller.signal, queryTimeoutMs: 0 });
    const running = session.rows("wait", "SELECT SLEEP(600)");
    const sees = async () =>
      (await server.run("SELECT id FROM information_schema.processlist WHERE info = 'SELECT SLEEP(600)'")).length > 0;
    await expect.poll(sees, PATIENTLY).toBe(true);
    controller.abort();
    await expect(running).rejects.toBeInstanceOf(CancelledError);
    await expect.poll(sees, PATIENTLY).toBe(false);
    await session.close();
    await expect(openSession(server.root, { signal: controller.signal })).rejects.toBeInstanceOf(CancelledError);
  });

  test("because the server was killed says that it closed the connection", async () => {
    const session = await openSession(server.root, { signal, queryTimeoutMs: 0 });
    const running = session.rows("wait", "SELECT SLEEP(600)").catch((error: unknown) => error);
    await server.kill();
    const error = await running;
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({
      permanent: false,
      message: expect.stringContaining("closed the connection") as string,
    });
    await server.restart();
    await session.close();
  });
});

describe("values", () => {
  test("come as the server prints them, beyond what a number or a date can hold", async () => {
    const rows = await withSession(server.root, { signal }, (session) =>
      session.rows(
        "ask",
        "SELECT 18446744073709551615 AS big, CAST('0000-00-00' AS DATE) AS zero, 1.10 AS exact, NULL AS none, 'ä🦊' AS text",
      ),
    );
    expect(rows).toEqual([{ big: "18446744073709551615", zero: "0000-00-00", exact: "1.10", none: null, text: "ä🦊" }]);
  });
});

describe("an inspection", () => {
  test("of a server without a log has an empty position and no log files", async () => {
    await server.stop();
    await server.restart({ "skip-log-bin": 1 });
    const facts = await inspectServer(server.holdfast, signal);
    expect(facts.position).toEqual({ gtid: "", file: "", offset: 0 });
    expect(facts.logFiles).toEqual([]);
    await server.stop();
    await server.restart();
  });

  test("ends at once when it is cancelled", async () => {
    await expect(inspectServer(server.holdfast, AbortSignal.abort())).rejects.toBeInstanceOf(CancelledError);
  });
});

describe("the file with the password for client programs", () => {
  test("is readable by this user alone, carries every character, and is gone afterwards", async () => {
    const password = new Secret(`p"w\\d#;' =\t${SECRET}`);
    await server.run(
      `ALTER USER poor@localhost IDENTIFIED BY 'p"w\\\\d#;\\' =\t${SECRET}' WITH MAX_USER_CONNECTIONS 0`,
    );
    const file = await writeDefaultsFile({ ...server.root, user: "poor", password });
    const path = file.argument.replace("--defaults-file=", "");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(path.replace("/client.cnf", ""))).mode & 0o777).toBe(0o700);
    expect(execFileSync("mariadb", [file.argument, "-N", "-e", "SELECT USER()"], { encoding: "utf8" })).toBe(
      "poor@localhost\n",
    );
    await file.remove();
    await expect(readFile(path)).rejects.toThrow("ENOENT");
  });
});
