import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { makeIdentity } from "@/demo/parts/make-identity";
import { getBackup, planBackup, shipLog, startBackup } from "@/lib/backups";
import type { BackupDetail } from "@/lib/backups/schemas";
import { OPERATOR, type TestDatabase, VIEWER, openTestDatabase, systemActor } from "@/lib/db/test-database";
import { declareEstate } from "@/lib/db/test-estate";
import { createMariadbEngine } from "@/lib/engines/database/mariadb/engine";
import { startServer } from "@/lib/engines/database/mariadb/server/run-server";
import type { DatabaseEngine, TableFacts } from "@/lib/engines/database/port";
import { createAgeEnvelope } from "@/lib/engines/envelope/age/engine";
import { openMemoryEngines } from "@/lib/engines/memory-engines";
import { openDirectoryStore } from "@/lib/engines/object-store/directory/engine";
import type { Engines } from "@/lib/engines/ports";
import { createHttpProbe } from "@/lib/engines/probe/http";
import { childEnvironment } from "@/lib/kernel/env";
import { Secret } from "@/lib/kernel/secret";
import { planRestore, startRestore } from "@/lib/recovery";
import { getRun, listRunLog, performRun } from "@/lib/runs";
import type { RunDetail } from "@/lib/runs/schemas";
import { planVerification, startVerification } from "@/lib/verification";

/* Backups of a database's files by the product's own plans, with a real server and directories as repositories. */

const SPEC_MS = 120_000;
const directory = `/var/tmp/hf-pph-${process.pid}`;
const signal = new AbortController().signal;
const folder = (name: string) => join(directory, name);
let database: TestDatabase;
let source: MariadbServer;
let engine: DatabaseEngine;
let engines: Engines;
let identityFile: string;

beforeAll(async () => {
  database = await openTestDatabase();
  await mkdir(folder("primary"), { recursive: true });
  await mkdir(folder("secondary"));
  source = await startMariadbServer({ directory: folder("db"), serverId: 73, binlog: true });
  for (const host of ["localhost", "127.0.0.1"]) await source.run(`GRANT PROCESS ON *.* TO holdfast@${host}`);
  await source.run(
    "CREATE DATABASE shop",
    "CREATE TABLE shop.orders (id INT PRIMARY KEY, price FLOAT, note VARCHAR(50))",
    "INSERT INTO shop.orders SELECT seq, RAND(seq), MD5(seq) FROM shop.seq_1_to_2000",
    "CREATE USER app@localhost IDENTIFIED BY 'app-password'",
  );
  engine = createMariadbEngine(source.holdfast);
  const identity = await makeIdentity(folder("identity.txt"));
  identityFile = identity.file;
  engines = {
    ...openMemoryEngines({ now: () => database.clock.now() }),
    store: (name) => Promise.resolve(openDirectoryStore({ path: folder(name) })),
    database: () => Promise.resolve(engine),
    envelope: createAgeEnvelope(),
    probe: createHttpProbe(),
    directories: { spool: folder("spool"), scratch: folder("scratch") },
  };
  await declareEstate(database, (estate) => {
    estate.keys = { recipients: [identity.recipient], identityFile };
    Object.assign(estate.systems.database.backup.full, { method: "physical" });
    estate.systems.database.backup.incremental = { to: ["primary"] };
  });
}, SPEC_MS);

afterAll(async () => {
  await engine.close();
  await source.kill();
  await rm(directory, { recursive: true, force: true });
  await database.close();
});

async function take(type: "full" | "incremental"): Promise<{ run: RunDetail; backup: BackupDetail }> {
  database.clock.advance(60_000);
  const { runId } = await startBackup(database.ctx(OPERATOR), { system: "database", type });
  await performRun(database.jobCtx(engines), runId, planBackup);
  const run = await getRun(database.ctx(VIEWER), { id: runId });
  return { run, backup: await getBackup(database.ctx(VIEWER), { id: run.backupId ?? "" }) };
}

/** Ships what the server has logged until now to both repositories. */
async function ship(): Promise<void> {
  const { position } = await engine.inspect(signal);
  const stopping = new AbortController();
  const ctx = { ...database.jobCtx(engines, stopping.signal), actor: systemActor("runner") };
  const shipping = shipLog(ctx, "database");
  const { file, offset } = position;
  await expect
    .poll(() => database.db.logCoverage.count({ where: { file, endOffset: { gte: offset } } }), { timeout: 30_000 })
    .toBe(2);
  stopping.abort();
  await shipping;
}

async function restore(input: Partial<Parameters<typeof startRestore>[1]>): Promise<RunDetail> {
  const { runId } = await startRestore(database.ctx(OPERATOR), { system: "database", ...input });
  await performRun(database.jobCtx(engines), runId, planRestore);
  return getRun(database.ctx(VIEWER), { id: runId });
}

const linesOf = async (run: RunDetail) =>
  (await listRunLog(database.ctx(VIEWER), { id: run.id })).lines.map((line) => line.message).join("\n");

const content = (connection: Parameters<DatabaseEngine["digestTables"]>[0]): Promise<TableFacts[]> =>
  engine.digestTables(connection, ["shop"], { signal });

/** Starts what a restore left in a directory, looks at it and ends it. */
async function lookInto(place: string, settings: readonly string[] = []): Promise<TableFacts[]> {
  const connection = {
    socket: join(directory, "l"),
    host: "127.0.0.1",
    port: 0,
    user: "app",
    password: new Secret("app-password"),
  };
  const server = await startServer({
    dataDirectory: place,
    logFile: `${place}.log`,
    temporaryDirectory: `${place}.tmp`,
    connection,
    settings: ["--skip-log-bin", ...settings],
    deathSignal: "KILL",
    signal,
  });
  try {
    return await content({ ...connection, user: "app" });
  } finally {
    await server.kill();
  }
}

describe("a database whose method is physical", () => {
  let full: BackupDetail;
  let increment: BackupDetail;

  test("has no increment before its first full", { timeout: SPEC_MS }, async () => {
    const { run, backup } = await take("incremental");
    expect(run).toMatchObject({ state: "failed" });
    expect(backup).toMatchObject({ state: "failed", type: "incremental", method: "physical" });
    expect(run.error?.message).toContain("no backup of the server's files");
  });

  test("is backed up as files, and as what changed in them since", { timeout: SPEC_MS }, async () => {
    await source.run(
      "GRANT SELECT, TRIGGER, SHOW VIEW, EVENT, LOCK TABLES, RELOAD, BINLOG MONITOR ON *.* TO app@localhost",
    );
    await ship();
    ({ backup: full } = await take("full"));
    expect(full).toMatchObject({ state: "complete", type: "full", method: "physical", lossy: [] });
    await source.run(
      "UPDATE shop.orders SET price = price * 2 WHERE id < 500",
      "CREATE TABLE shop.more (id INT PRIMARY KEY)",
    );
    let run: RunDetail;
    ({ run, backup: increment } = await take("incremental"));
    expect(run).toMatchObject({ state: "succeeded", result: { parent: full.id } });
    expect(increment).toMatchObject({ state: "complete", type: "incremental", method: "physical" });
    const [made] = (await engine.inspect(signal)).version.match(/^[\d.]+-MariaDB/) ?? [];
    expect(increment.manifest).toMatchObject({ parent: full.id, tools: { "mariadb-backup": made } });
    expect((await readdir(join(folder("primary"), "systems/database", increment.id))).sort()).toEqual([
      "data.xb.zst.age",
      "manifest.json",
      "manifest.json.sig",
    ]);
  });

  test("comes back from the chain and the log after it", { timeout: SPEC_MS }, async () => {
    await source.run("INSERT INTO shop.more VALUES (1), (2)", "DELETE FROM shop.orders WHERE id > 1900");
    await ship();
    const run = await restore({ to: `dir:${folder("back")}`, from: "primary" });
    expect(run.error).toBeNull();
    expect(run).toMatchObject({ state: "succeeded", result: { backupId: increment.id, fromRepository: "primary" } });
    expect(run.steps.find(({ key }) => key === "load")?.summary).toContain("a chain of 2 backups");
    expect(await lookInto(join(folder("back"), "data"))).toEqual(await content(source.root));
  });

  test("comes back from its full and a longer log where the increment is not", { timeout: SPEC_MS }, async () => {
    const run = await restore({ to: `dir:${folder("other")}`, from: "secondary" });
    expect(run).toMatchObject({ state: "succeeded", result: { backupId: full.id } });
    expect(await lookInto(join(folder("other"), "data"))).toEqual(await content(source.root));
    const place = join(folder("primary"), "systems/database", full.id);
    await rename(place, `${place}.away`);
    const lost = await restore({ to: `dir:${folder("lost")}`, from: "primary" });
    await rename(`${place}.away`, place);
    expect(lost.state).toBe("failed");
    expect(await linesOf(lost)).toContain("is not whole");
  });

  test("is proven by a verification, which says what it could not compare", { timeout: SPEC_MS }, async () => {
    const { runId } = await startVerification(database.ctx(OPERATOR), { backup: increment.id, level: "restore" });
    await performRun(database.jobCtx(engines), runId, planVerification);
    const run = await getRun(database.ctx(VIEWER), { id: runId });
    expect(run.error).toBeNull();
    expect(run.result).toMatchObject({ verdict: "pass" });
    expect(run.steps.find(({ key }) => key === "object")?.summary).toContain("every digest fits");
    expect(run.steps.find(({ key }) => key === "compare")?.summary).toContain("carries no digests");
    expect(await readdir(folder("scratch"))).toEqual([]);
  });

  test("comes back with standard tools alone", { timeout: SPEC_MS }, async () => {
    const script = (...args: string[]) => {
      const child = spawn("sh", ["public/restore.sh", ...args], {
        env: childEnvironment(),
        stdio: ["ignore", "pipe", "pipe"],
      });
      return Promise.all([once(child, "close"), text(child.stdout), text(child.stderr)]);
    };
    const place = folder("tools");
    const [[code], , said] = await script("files", folder("primary"), "database", increment.id, place, identityFile);
    expect([code, said]).toEqual([0, expect.stringContaining("mariadbd --datadir=")]);
    // As the increment was: the log that came after it is a command of its own.
    const tables = await lookInto(place);
    expect(tables.map(({ table, rows }) => [table, rows])).toEqual([
      ["more", 0],
      ["orders", 2_000],
    ]);
    const [[refused], , why] = await script("dump", folder("primary"), "database", full.id, identityFile);
    expect([refused, why]).toEqual([1, expect.stringContaining("use files")]);
  });
});
