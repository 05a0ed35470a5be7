import { readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startBackup } from "@/lib/backups";
import { type Ctx, createCtx } from "@/lib/db/context";
import { ADMINISTRATOR, type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { createLogger } from "@/lib/kernel/log";
import { startRestore } from "@/lib/recovery";
import { abortRun } from "@/lib/runs";
import { SYSTEM } from "./configuration";
import { holdTable } from "./hold-table";
import { type Child, type RunnerProcess, childrenOf, stillRunning } from "./runner-process";
import { readRecoveredOrders, untilEnded, untilFound, untilLogIsCollected } from "./run-facts";
import type { Writer } from "./source-data";
import { readWholeBackups } from "./whole-backups";
import { type FaultWorld, REPOSITORIES, startFaultWorld } from "./world";

const LONG_MS = 180_000;
/** From the death of a runner until another one has the run: 10 s without a sign of life, 5 s between two looks, and a slow machine. */
const TAKE_OVER_MS = 45_000;

let database: TestDatabase;
let world: FaultWorld;
let ctx: Ctx;
let writer: Writer;
/** Works at the end of the first part. */
let survivor: RunnerProcess;

const ended = (id: string) => untilEnded(database.db, id);
const untilStep = (runId: string, key: string) =>
  untilFound(`step ${key}`, () => database.db.runStep.findFirst({ where: { runId, key, state: "running" } }));
const eventsOf = (entityId: string, action: string) => database.db.auditEvent.findMany({ where: { entityId, action } });
const readOrders = (runId: string) => readRecoveredOrders(database.db, world, runId);

/** Resolves when a repository has got such a request since now. */
function awaitRequest(name: (typeof REPOSITORIES)[number], pattern: RegExp): Promise<unknown> {
  const { requests } = world.repositories[name].gateway;
  const from = requests.length;
  return untilFound(`a request ${pattern.source}`, () => requests.slice(from).some((line) => pattern.test(line)));
}

/** Makes a replay stand still at an order, on any server but the source, until the brake is taken away. */
async function placeBrake(): Promise<{ remove: () => Promise<void> }> {
  const file = join(world.directory, "brake");
  await world.source.run(
    "SET SESSION binlog_format = 'STATEMENT'",
    `INSERT INTO shop.orders (note, at) SELECT '${world.marker}', NOW(6) + INTERVAL IF(LOAD_FILE('${file}') IS NULL, 0, SLEEP(120)) SECOND`,
  );
  await writeFile(file, "", { mode: 0o644 });
  return { remove: () => rm(file) };
}

interface Killing {
  at: Date;
  pids: number[];
  children: Child[];
  /** Orders that were acknowledged before it. */
  orders: number[];
  /** What looked whole at that moment, by repository. */
  whole: string[][];
}

async function killAll(runners: readonly RunnerProcess[]): Promise<Killing> {
  const killed = await Promise.all(runners.map((runner) => runner.kill()));
  const whole = await Promise.all(REPOSITORIES.map((name) => readWholeBackups(world.repositories[name].store)));
  return {
    at: new Date(),
    pids: runners.map(({ pid }) => pid),
    children: killed.flat(),
    orders: [...writer.acknowledged],
    whole,
  };
}

async function expectTakenOver(runId: string, killing: Killing): Promise<void> {
  const run = await ended(runId);
  expect({ state: run.state, attempts: run.attempts, error: run.errorMessage }).toEqual({
    state: "succeeded",
    attempts: 2,
    error: null,
  });
  const log = await database.db.runLog.findMany({ where: { runId } });
  expect(log.map(({ message }) => message).join("\n")).toContain("taken over");
  const [event] = await eventsOf(runId, "run.taken-over");
  expect(event?.occurredAt.getTime()).toBeLessThan(killing.at.getTime() + TAKE_OVER_MS);
  expect(await eventsOf(runId, "run.completed")).toHaveLength(1);
}

/** The attempt that died: failed in the catalogue, in no repository. */
async function expectNoTraceOf(runId: string, killing: Killing): Promise<void> {
  const run = await ended(runId);
  const dead = await database.db.backup.findMany({
    where: { runId, id: { not: run.backupId ?? "" } },
    include: { copies: true },
  });
  expect(dead.map(({ state }) => state)).toEqual(["failed"]);
  const ids = dead.map(({ id }) => id);
  expect(killing.whole.flat()).not.toContain(ids[0]);
  for (const name of REPOSITORIES) {
    const whole = await readWholeBackups(world.repositories[name].store);
    expect(whole).not.toContain(ids[0]);
    expect(whole).toContain(run.backupId);
  }
  expect(dead.flatMap(({ copies }) => copies.map(({ state }) => state))).toEqual(["missing", "missing"]);
  expect(await eventsOf(ids[0] ?? "", "backup.failed")).toHaveLength(1);
}

/** Only the servers of the restores that were ended since are there. */
async function expectNothingLeft(killing: Killing, restores: readonly string[]): Promise<void> {
  await untilFound("the end of every program", () => stillRunning(killing.children).length === 0, 15_000);
  for (const runId of restores) await ended(runId);
  const isKept = (name: string) => restores.some((runId) => name === runId.slice(-12));
  const isOfKilled = (name: string) => killing.pids.some((pid) => name.startsWith(`hf-${pid}-`));
  await untilFound("an end of what lay on the disk", async () => {
    const [scratch, passwords] = await Promise.all([readdir(join(world.home, "s")), readdir(tmpdir())]);
    return scratch.every(isKept) && !passwords.some(isOfKilled);
  });
}

beforeAll(async () => {
  database = await openTestDatabase();
  ctx = createCtx({ db: database.db, log: createLogger("silent"), actor: ADMINISTRATOR });
  world = await startFaultWorld({ databaseUrl: database.databaseUrl, dataBytes: 3_000_000 });
  writer = world.startWriter();
}, LONG_MS);

afterAll(async () => {
  await world?.stop();
  await database?.close();
}, LONG_MS);

describe("a runner that is killed (kill -9) in the middle of dump, fetch and log shipping, and one that is started then", () => {
  let killing: Killing;
  let backup: string;
  let restore: string;

  beforeAll(async () => {
    const runner = await world.startRunner();
    await untilLogIsCollected(database.db);
    const first = await startBackup(ctx, { system: SYSTEM });
    expect((await ended(first.runId)).state).toBe("succeeded");

    const table = await holdTable(world.source);
    ({ runId: backup } = await startBackup(ctx, { system: SYSTEM }));
    await table.untilDumpWaits();
    world.repositories.primary.setFault((line) => ({ kind: /^GET .*\/log\//.test(line) ? "hold-request" : "pass" }));
    const fetching = awaitRequest("primary", /^GET .*\/log\//);
    ({ runId: restore } = await startRestore(ctx, { system: SYSTEM, from: "primary" }));
    await fetching;
    // The store has the segment, and nobody learns of it.
    world.repositories.secondary.setFault((line) => ({ kind: /^PUT .*\/log\//.test(line) ? "hold-answer" : "pass" }));
    await awaitRequest("secondary", /^PUT .*\/log\//);
    killing = await killAll([runner]);
    for (const name of REPOSITORIES) world.repositories[name].setFault();
    await table.release();
    survivor = await world.startRunner();
  }, LONG_MS);

  test("stood in the middle of all three", () => {
    const programs = killing.children.map(({ command }) => command);
    expect(programs.some((command) => command.startsWith("mariadb-dump "))).toBe(true);
    expect(programs.some((command) => command.includes("mariadb-binlog") && command.includes("--stop-never"))).toBe(
      true,
    );
  });

  test(
    "leaves no dump that looks whole; another runner takes the backup over and says so",
    { timeout: LONG_MS },
    async () => {
      await expectTakenOver(backup, killing);
      await expectNoTraceOf(backup, killing);
    },
  );

  test("leaves its restore to another runner, which begins it anew and ends it", { timeout: LONG_MS }, async () => {
    await expectTakenOver(restore, killing);
  });

  test(
    "loses nothing of the log: every order that was acknowledged comes back, without a gap",
    { timeout: LONG_MS },
    async () => {
      expect(await readOrders(restore)).toEqual(expect.arrayContaining(killing.orders));
      expect(await database.db.logGap.count()).toBe(0);
    },
  );

  test("leaves no program, no directory and no password behind", { timeout: LONG_MS }, () =>
    expectNothingLeft(killing, [restore]),
  );
});

describe("two runners that are killed in the middle of upload, load and replay, and one that stands by", () => {
  let killing: Killing;
  let backup: string;
  let loading: string;
  let replaying: string;

  beforeAll(async () => {
    const brake = await placeBrake();
    const second = await world.startRunner();
    const standby = await world.startRunner();
    standby.freeze(); // so that the runs are the others'
    ({ runId: replaying } = await startRestore(ctx, { system: SYSTEM, from: "secondary" }));
    await untilStep(replaying, "replay");

    const { primary, secondary } = world.repositories;
    primary.setFault((line) =>
      /^GET .*\/dump\.sql/.test(line) ? { kind: "drip-answer", afterBytes: 500_000 } : { kind: "pass" },
    );
    const isLoading = awaitRequest("primary", /^GET .*\/dump\.sql/);
    ({ runId: loading } = await startRestore(ctx, { system: SYSTEM, from: "primary" }));
    await isLoading;
    secondary.setFault((line) => ({ kind: /^PUT .*\/dump\.sql/.test(line) ? "hold-request" : "pass" }));
    const isUploading = awaitRequest("secondary", /^PUT .*\/dump\.sql/);
    ({ runId: backup } = await startBackup(ctx, { system: SYSTEM }));
    await isUploading;
    killing = await killAll([survivor, second]);
    for (const name of REPOSITORIES) world.repositories[name].setFault();
    await brake.remove();
    standby.thaw();
    survivor = standby;
  }, LONG_MS);

  test("stood in the middle of all three", async () => {
    for (const [runId, key] of [
      [backup, "data"],
      [loading, "load"],
      [replaying, "replay"],
    ] as const) {
      const step = await database.db.runStep.findFirst({ where: { runId, key } });
      expect(step?.attempts).toBeGreaterThan(0);
    }
    const programs = killing.children.map(({ command }) => command);
    expect(programs.filter((command) => command.includes("mariadbd ")).length).toBeGreaterThanOrEqual(2);
  });

  test("leave no upload that looks whole; the backup is taken over", { timeout: LONG_MS }, async () => {
    await expectTakenOver(backup, killing);
    await expectNoTraceOf(backup, killing);
  });

  test("leave a half loaded server that nobody takes for a restored one", { timeout: LONG_MS }, async () => {
    await expectTakenOver(loading, killing);
    expect(await readOrders(loading)).toEqual(expect.arrayContaining(killing.orders.slice(0, 1)));
  });

  test(
    "leave a half replayed server that is thrown away: the log is replayed anew, once",
    { timeout: LONG_MS },
    async () => {
      await expectTakenOver(replaying, killing);
      const orders = await readOrders(replaying);
      expect(orders).toEqual(expect.arrayContaining(killing.orders));
      expect(new Set(orders).size).toBe(orders.length);
    },
  );

  test("leave no program, no directory and no password behind", { timeout: LONG_MS }, () =>
    expectNothingLeft(killing, [loading, replaying]),
  );
});

describe("a run that an operator aborts ends as aborted within seconds, cleaned up, with nothing that looks whole:", () => {
  /** From the request to the end. */
  const SECONDS_MAX = 15;
  const programs = () => childrenOf(survivor.pid).map(({ command }) => command);

  async function abort(runId: string): Promise<void> {
    const asked = performance.now();
    await abortRun(ctx, { id: runId, reason: "a rehearsal" });
    expect((await ended(runId)).state).toBe("aborted");
    expect((performance.now() - asked) / 1_000).toBeLessThan(SECONDS_MAX);
    expect(await eventsOf(runId, "run.abort-requested")).toHaveLength(1);
    expect(await eventsOf(runId, "run.aborted")).toHaveLength(1);
    expect(await eventsOf(runId, "run.failed")).toHaveLength(0);
  }

  test("in the middle of a dump", { timeout: LONG_MS }, async () => {
    const table = await holdTable(world.source);
    try {
      const { runId } = await startBackup(ctx, { system: SYSTEM });
      await table.untilDumpWaits();
      await abort(runId);
      expect(programs().filter((command) => command.startsWith("mariadb-dump "))).toEqual([]);
      // The log is sealed by the same programs, for a moment.
      await vi.waitUntil(() => !programs().some((command) => /^(zstd|age) /.test(command)), 5_000);
      const [attempt] = await database.db.backup.findMany({ where: { runId } });
      expect(attempt?.state).toBe("failed");
      for (const name of REPOSITORIES) {
        expect(await readWholeBackups(world.repositories[name].store)).not.toContain(attempt?.id);
      }
    } finally {
      await table.release();
    }
  });

  test("in the middle of a load", { timeout: LONG_MS }, async () => {
    const { primary } = world.repositories;
    primary.setFault((line) =>
      /^GET .*\/dump\.sql/.test(line) ? { kind: "drip-answer", afterBytes: 500_000 } : { kind: "pass" },
    );
    const isLoading = awaitRequest("primary", /^GET .*\/dump\.sql/);
    const { runId } = await startRestore(ctx, { system: SYSTEM, from: "primary" });
    await isLoading;
    const directory = join(world.home, "s", runId.slice(-12));
    expect(programs().some((command) => command.includes(directory))).toBe(true);
    await abort(runId);
    primary.setFault();
    expect(programs().some((command) => command.includes(directory))).toBe(false);
    expect(await readdir(join(world.home, "s"))).not.toContain(runId.slice(-12));
  });
});

test(
  "a runner that is asked to end does so within seconds, and takes the servers of its restores with it",
  { timeout: LONG_MS },
  async () => {
    expect((await readdir(join(world.home, "s"))).length).toBeGreaterThan(0);
    const asked = performance.now();
    await survivor.stop();
    expect((performance.now() - asked) / 1_000).toBeLessThan(20);
    expect(await readdir(join(world.home, "s"))).toEqual([]);
    expect(await database.db.auditEvent.count({ where: { action: "service.stopped" } })).toBe(1);
  },
);
