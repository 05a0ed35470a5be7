import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childEnvironment } from "@/lib/kernel/env";
import { CancelledError } from "@/lib/kernel/errors";
import { Secret } from "@/lib/kernel/secret";
import type { ScratchServer, ServerSettings } from "../port";
import { withSession } from "./connect";
import { readSettings } from "./inspect";
import { startScratch } from "./scratch-server";
import { findFreePort } from "./server/free-port";
import { identifyProcess } from "./server/scratch-mark";
import { removeScratch, sweepScratch } from "./server/sweep-scratch";

const root = `/var/tmp/hf-scr-${process.pid}`;
const signal = new AbortController().signal;
const SETTINGS: ServerSettings = {
  version: "10.11.19-MariaDB",
  lowerCaseTableNames: 1,
  pageSizeBytes: 8192,
  characterSet: "latin1",
  collation: "latin1_general_ci",
  sqlMode: "STRICT_TRANS_TABLES,NO_ZERO_DATE",
  timeZone: "Europe/Vienna",
  hasTimeZoneTables: true,
  plugins: [],
};
const PLAIN: ServerSettings = {
  ...SETTINGS,
  pageSizeBytes: 16_384,
  timeZone: "SYSTEM",
  hasTimeZoneTables: false,
  lowerCaseTableNames: 0,
};

beforeAll(() => mkdir(root));
afterAll(() => rm(root, { recursive: true, force: true }));

const start = (name: string, settings = PLAIN): Promise<ScratchServer> =>
  startScratch({ directory: join(root, name), port: 0, settings, signal });
const ask = (server: ScratchServer, sql: string) =>
  withSession(server.connection, { signal }, (session) => session.rows("ask in a test", sql));
const isAlive = async (pid: number) => (await identifyProcess(pid)) !== null;

describe("a throw-away server", () => {
  test("has the source's settings before and after the restart, no events, no log, and packets of 1 GB", async () => {
    const server = await start("like", SETTINGS);
    const check = async () => {
      const found = await withSession(server.connection, { signal }, readSettings);
      expect({ ...found, version: SETTINGS.version }).toEqual(SETTINGS);
      const [row] = await ask(
        server,
        "SELECT @@event_scheduler AS e, @@log_bin AS l, @@GLOBAL.max_allowed_packet AS p, CONVERT_TZ('2026-07-01 00:00:00', 'UTC', 'Europe/Vienna') AS z",
      );
      expect(row).toEqual({ e: "OFF", l: "0", p: String(2 ** 30), z: "2026-07-01 02:00:00" });
    };
    await check();
    const [fast] = await ask(server, "SELECT @@innodb_doublewrite AS d, @@innodb_flush_log_at_trx_commit AS f");
    expect(fast).toEqual({ d: "0", f: "0" });
    await server.makeSafe(signal);
    await check();
    const [safe] = await ask(server, "SELECT @@innodb_doublewrite AS d, @@innodb_flush_log_at_trx_commit AS f");
    expect(safe).toEqual({ d: "1", f: "1" });
    await server.stop();
    await server.stop();
    expect(await server.exited()).toMatchObject({ exitCode: 0 });
    expect(await removeScratch(server.directory)).toBe(true);
    expect(existsSync(server.directory)).toBe(false);
  });

  test("lets in root with its password alone, in a directory for this user alone", async () => {
    const server = await start("closed");
    const none = withSession({ ...server.connection, password: new Secret("") }, { signal }, () => Promise.resolve());
    await expect(none).rejects.toThrow("refused the user name or the password");
    expect((await stat(server.directory)).mode & 0o777).toBe(0o700);
    expect((await stat(server.optionFile)).mode & 0o777).toBe(0o600);
    const files = await Promise.all(
      ["error.log", "scratch.json"].map((name) => readFile(join(server.directory, name), "utf8")),
    );
    for (const text of files) expect(text).not.toContain(server.connection.password.reveal());
    expect(existsSync(join(server.directory, "init.sql"))).toBe(false);
    const commandLine = await readFile(`/proc/${server.pid}/cmdline`, "utf8");
    expect(commandLine).toContain("--bind-address=127.0.0.1");
    expect(commandLine).not.toContain(server.connection.password.reveal());
    await server.stop();
  });

  test("that is left behind is stopped cleanly, and no sweep removes it", async () => {
    const server = await start("kept");
    await server.makeSafe(signal);
    await server.leaveBehind();
    expect(await server.exited()).toMatchObject({ exitCode: 0 });
    expect(await sweepScratch(server.directory)).toBe(false);
    expect(await readdir(join(server.directory, "data"))).toContain("ibdata1");
  });

  test("that dies by itself is noticed, with what its log says", async () => {
    const server = await start("dies");
    process.kill(server.pid, "SIGKILL");
    const end = await server.exited();
    expect(end.exitCode).not.toBe(0);
    await expect(ask(server, "SELECT 1")).rejects.toMatchObject({ permanent: false });
    await server.stop();
  });
});

describe("a start is refused", () => {
  test("in a directory that is not empty, which is left as it is", async () => {
    const directory = join(root, "full");
    await mkdir(directory);
    await writeFile(join(directory, "precious"), "x");
    await expect(startScratch({ directory, port: 0, settings: PLAIN, signal })).rejects.toThrow("is not empty");
    expect(await readdir(directory)).toEqual(["precious"]);
    await expect(
      startScratch({ directory: join(directory, "precious"), port: 0, settings: PLAIN, signal }),
    ).rejects.toThrow("cannot be used");
  });

  test("below a path that is too long for a socket", async () => {
    const directory = join(root, "x".repeat(100));
    await expect(startScratch({ directory, port: 0, settings: PLAIN, signal })).rejects.toThrow(
      /socket's path is \d+ bytes long, more than 100/,
    );
    expect(existsSync(directory)).toBe(false);
  });

  test("for a source of another series", async () => {
    await expect(start("other", { ...PLAIN, version: "11.4.2-MariaDB" })).rejects.toThrow(
      "the source is MariaDB 11.4, and this machine has 10.11",
    );
  });

  test("where a plugin of the source is missing, by its name, and leaves nothing", async () => {
    await expect(start("plugin", { ...PLAIN, plugins: ["auth_ed25519.so"] })).rejects.toThrow(
      "lacks plugins of the source: auth_ed25519.so",
    );
    expect(existsSync(join(root, "plugin"))).toBe(false);
  });

  test("on a port that is taken, with what the server's log says", async () => {
    const port = await findFreePort();
    const holder = createServer().listen(port, "127.0.0.1");
    await once(holder, "listening");
    await expect(startScratch({ directory: join(root, "port"), port, settings: PLAIN, signal })).rejects.toThrow(
      /did not start.*port/i,
    );
    holder.close();
    expect(existsSync(join(root, "port"))).toBe(false);
  });

  test("when it was cancelled, and leaves nothing", async () => {
    const directory = join(root, "cancelled");
    const cancelled = startScratch({ directory, port: 0, settings: PLAIN, signal: AbortSignal.abort() });
    await expect(cancelled).rejects.toBeInstanceOf(CancelledError);
    expect(existsSync(directory)).toBe(false);
  });
});

/** A process of its own that starts a server, says its number, and then waits to be killed. */
async function startOwner(
  name: string,
): Promise<{ owner: ReturnType<typeof spawn>; serverPid: number; directory: string }> {
  const directory = join(root, name);
  const script = `
    import { startScratch } from "@/lib/engines/database/mariadb/scratch-server";
    const server = await startScratch({ directory: ${JSON.stringify(directory)}, port: 0, settings: ${JSON.stringify(PLAIN)}, signal: new AbortController().signal });
    process.stdout.write(String(server.pid) + "\\n");
    setInterval(() => undefined, 1000);`;
  const file = join(process.cwd(), `${name}-owner-${process.pid}.tmp.ts`);
  await writeFile(file, script);
  const owner = spawn(process.execPath, ["--import", "tsx", file], {
    stdio: ["ignore", "pipe", "inherit"],
    env: childEnvironment(),
  });
  const [line] = (await once(owner.stdout, "data")) as [Buffer];
  await rm(file);
  return { owner, serverPid: Number(line.toString("utf8")), directory };
}

describe("what a killed runner leaves", () => {
  test("is no server: the kernel ends it with kill -9 of its owner; and a sweep removes the rest", async () => {
    const { owner, serverPid, directory } = await startOwner("orphan");
    expect(await isAlive(serverPid)).toBe(true);
    expect(await sweepScratch(directory)).toBe(false);
    expect(await removeScratch(directory)).toBe(false);
    owner.kill("SIGKILL");
    await expect.poll(() => isAlive(serverPid), { timeout: 10_000, interval: 20 }).toBe(false);
    expect(await sweepScratch(directory)).toBe(true);
    expect(existsSync(directory)).toBe(false);
  });

  test("is swept only where it is certain that nobody has it", async () => {
    const foreign = join(root, "foreign");
    await mkdir(foreign);
    expect(await sweepScratch(join(root, "absent"))).toBe(true);
    await writeFile(join(foreign, "a"), "x");
    expect(await sweepScratch(foreign)).toBe(false);
    await expect(removeScratch(foreign)).rejects.toThrow("no throw-away directory");
    await writeFile(join(foreign, "scratch.json"), '{"owner":');
    expect(await sweepScratch(foreign)).toBe(false);
    expect(await readdir(foreign)).toEqual(["a", "scratch.json"]);
  });

  test("is a server still where the signal did not reach it: the sweep ends it", async () => {
    const server = await start("leftover");
    const mark = JSON.parse(await readFile(join(server.directory, "scratch.json"), "utf8")) as {
      owner: { startTicks: string };
    };
    await writeFile(
      join(server.directory, "scratch.json"),
      JSON.stringify({ ...mark, owner: { ...mark.owner, startTicks: "1" } }),
    );
    expect(await sweepScratch(server.directory)).toBe(true);
    expect(await isAlive(server.pid)).toBe(false);
    expect(existsSync(server.directory)).toBe(false);
  });

  test("is left alone where somebody else runs a server on its data", async () => {
    const server = await start("elsewhere");
    await writeFile(
      join(server.directory, "scratch.json"),
      JSON.stringify({ owner: { pid: process.pid, startTicks: "1" }, server: { pid: server.pid, startTicks: "1" } }),
    );
    expect(await sweepScratch(server.directory)).toBe(false);
    expect(await ask(server, "SELECT 1 AS one")).toEqual([{ one: "1" }]);
    await server.stop();
  });
});

describe("a recovered server that takes the primary's address", () => {
  test("outlives its process, writes a log that goes on after the last GTID, and knows the runner's account", async () => {
    const server = await start("primary");
    await ask(server, "CREATE DATABASE shop");
    await server.makeSafe(signal);
    const connection = {
      host: "127.0.0.1",
      port: await findFreePort(),
      socket: join(root, "p"),
      user: "holdfast",
      password: new Secret("h'old\\fast"),
    };

    const taken = createServer().listen(connection.port, "127.0.0.1");
    await once(taken, "listening");
    const request = { connection, serverId: "61", gtid: "0-61-118,1-2-7", signal };
    await expect(server.takeAddress(request)).rejects.toThrow(`answers at 127.0.0.1:${connection.port} already`);
    await new Promise((resolve) => taken.close(resolve));

    const { pid } = await server.takeAddress(request);
    try {
      await server.stop();
      expect(await isAlive(pid)).toBe(true);
      const statOfServer = await readFile(`/proc/${pid}/stat`, "utf8");
      // Session and process group are its own: no terminal and no parent takes it along.
      expect(
        statOfServer
          .slice(statOfServer.lastIndexOf(")") + 2)
          .split(" ")
          .slice(2, 4),
      ).toEqual([String(pid), String(pid)]);
      expect(await sweepScratch(server.directory)).toBe(false);
      await expect(removeScratch(server.directory)).rejects.toThrow("no throw-away directory");
      for (const place of [connection, { ...connection, socket: undefined }]) {
        const rows = await withSession(place, { signal }, async (session) => {
          await session.rows("make the heartbeat's schema", "CREATE DATABASE IF NOT EXISTS holdfast");
          return session.rows(
            "ask",
            "SELECT @@server_id AS id, @@log_bin AS log, @@binlog_format AS f, @@gtid_binlog_pos AS gtid, @@innodb_flush_log_at_trx_commit AS c",
          );
        });
        expect(rows[0]).toMatchObject({ id: "61", log: "1", f: "ROW", c: "1" });
        expect(String(rows[0]?.gtid)).toMatch(/^0-61-1(19|20),1-2-7$/);
      }
      const files = await readdir(server.directory);
      expect(files).not.toContain("primary.sql");
      expect(files).not.toContain("scratch.json");
    } finally {
      process.kill(pid, "SIGKILL");
    }
  });
});
