import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeIdentity } from "@/demo/parts/make-identity";
import { startBackup } from "@/lib/backups";
import { type Ctx, createCtx } from "@/lib/db/context";
import { ADMINISTRATOR, type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { createLogger } from "@/lib/kernel/log";
import { startRestore } from "@/lib/recovery";
import { getSystem } from "@/lib/systems";
import type { CommandEnd } from "./command";
import { SYSTEM } from "./configuration";
import { readRecoveredOrders, untilEnded, untilFound, untilLogIsCollected } from "./run-facts";
import { type SmallDisk, mountSmallDisk } from "./small-disk";
import { type Watched, watchCommands } from "./watch-commands";
import { keysOf, readObjectBytes, readWholeBackups } from "./whole-backups";
import { type FaultWorld, type RepositoryName, startFaultWorld } from "./world";

const LONG_MS = 180_000;
const NEVER = new AbortController().signal;
const DISKS = "/var/tmp/hf-faults/disks";

let database: TestDatabase;
let world: FaultWorld;
let ctx: Ctx;
let watched: Watched;
/** The full that was taken before anything went wrong. */
let first: string;
/** A third repository. */
let vault: SmallDisk;
/** Holds the collected log until it is shipped. */
let spool: SmallDisk;
/** Everything that the command line said. */
const said: string[] = [];

/** Makes something wrong; the answer makes it right again. */
type Fault = () => Promise<() => Promise<unknown>>;

interface Case {
  name: string;
  fault: Fault;
  command: () => string[] | Promise<string[]>;
  exitCode: 1 | 3;
  message: RegExp;
  /** Of the audit log, beside run.failed. */
  event: "backup.failed" | "backup.completed" | "restore.failed" | "verification.failed";
}

const backup = ["backup", "run", SYSTEM, "--wait"];
const restoreFrom = (name: RepositoryName) => ["restore", SYSTEM, "--from", name, "--wait"];

/** Gives the account another password, as somebody would who forgot to tell Holdfast. */
const changePassword: Fault = async () => {
  const set = (password: string) =>
    world.source.run(
      ...["localhost", "127.0.0.1"].map((host) => `ALTER USER holdfast@'${host}' IDENTIFIED BY '${password}'`),
    );
  await set("another");
  return () => set(world.source.holdfast.password.reveal());
};

const stopDatabase: Fault = async () => {
  await world.source.stop();
  return () => world.source.restart();
};

const dropSecondary: Fault = async () => {
  world.repositories.secondary.setFault(() => ({ kind: "drop" }));
  return async () => world.repositories.secondary.setFault();
};

const useForeignKey: Fault = async () => {
  const own = await readFile(world.identityFile);
  await makeIdentity(world.identityFile);
  return () => writeFile(world.identityFile, own);
};

const fillVault: Fault = async () => {
  await vault.fill();
  return () => vault.free();
};

/** Changes objects in a store behind Holdfast's back. */
function spoil(name: RepositoryName, suffix: string, change: (bytes: Buffer) => Buffer | null): Fault {
  return async () => {
    const { store } = world.repositories[name];
    const keys = (await keysOf(store, `systems/${SYSTEM}/`)).filter((key) => key.endsWith(suffix));
    const kept = new Map<string, Buffer>();
    for (const key of keys) {
      const bytes = await readObjectBytes(store, key);
      kept.set(key, bytes);
      const changed = change(bytes);
      await (changed ? store.replace(key, changed, { signal: NEVER }) : store.delete(key, { signal: NEVER }));
    }
    expect(kept.size).toBeGreaterThan(0);
    return async () => {
      for (const [key, bytes] of kept) await store.replace(key, bytes, { signal: NEVER });
    };
  };
}

const flipBit = (bytes: Buffer) => {
  const flipped = Buffer.from(bytes);
  const middle = flipped.length >> 1;
  flipped[middle] = (flipped[middle] ?? 0) ^ 1;
  return flipped;
};

const CASES: Case[] = [
  {
    name: "a wrong password",
    fault: changePassword,
    command: () => backup,
    exitCode: 1,
    message: /refused the user name or the password/,
    event: "backup.failed",
  },
  {
    name: "a stopped database",
    fault: stopDatabase,
    command: () => backup,
    exitCode: 1,
    message: /nothing listens there/,
    event: "backup.failed",
  },
  {
    name: "an unreachable store, to which a backup goes",
    fault: dropSecondary,
    command: () => backup,
    exitCode: 1,
    message: /incomplete: repository "secondary" has no copy: .*the connection broke off/,
    event: "backup.completed",
  },
  {
    name: "an unreachable store, from which a restore comes",
    fault: dropSecondary,
    command: () => restoreFrom("secondary"),
    exitCode: 1,
    message: /the connection broke off/,
    event: "restore.failed",
  },
  {
    name: "a full disk under a repository",
    fault: fillVault,
    command: () => backup,
    exitCode: 1,
    message: /incomplete: repository "vault" has no copy: .*(full|no space)/,
    event: "backup.completed",
  },
  {
    name: "a full disk under the recovered server",
    fault: fillVault,
    command: () => ["restore", SYSTEM, "--to", `dir:${vault.path}/target`, "--wait"],
    exitCode: 1,
    message: /the disk below .* is full/,
    event: "restore.failed",
  },
  {
    name: "somebody else's key",
    fault: useForeignKey,
    command: () => restoreFrom("primary"),
    exitCode: 1,
    message: /the key does not open it/,
    event: "restore.failed",
  },
  {
    name: "a truncated object",
    fault: spoil("primary", "/dump.sql.zst.age", (bytes) => bytes.subarray(0, bytes.length >> 1)),
    command: () => restoreFrom("primary"),
    exitCode: 3,
    message: /dump\.sql\.zst\.age" is damaged/,
    event: "restore.failed",
  },
  {
    name: "a flipped bit",
    fault: spoil("primary", "/dump.sql.zst.age", flipBit),
    command: () => restoreFrom("primary"),
    exitCode: 3,
    message: /dump\.sql\.zst\.age" is damaged/,
    event: "restore.failed",
  },
  {
    name: "a manifest that nobody signed",
    fault: spoil("primary", "/manifest.json.sig", () => null),
    command: () => restoreFrom("primary"),
    exitCode: 3,
    message: /is not signed/,
    event: "restore.failed",
  },
  {
    name: "a manifest that was changed",
    fault: spoil("primary", "/manifest.json", (bytes) => Buffer.from(bytes.toString().replace('"full"', '"fool"'))),
    command: () => ["verify", first, "--from", "primary", "--level", "object", "--wait"],
    exitCode: 3,
    message: /does not fit its signature/,
    event: "verification.failed",
  },
];

async function carryOut(each: Case): Promise<CommandEnd> {
  const mend = await each.fault();
  try {
    const end = await world.command(...(await each.command()));
    said.push(JSON.stringify(end.answer), end.stderr);
    return end;
  } finally {
    await mend();
  }
}

beforeAll(async () => {
  database = await openTestDatabase();
  ctx = createCtx({ db: database.db, log: createLogger("silent"), actor: ADMINISTRATOR });
  vault = await mountSmallDisk(join(DISKS, `vault-${process.pid}`), 64 * 2 ** 20);
  world = await startFaultWorld({
    databaseUrl: database.databaseUrl,
    dataBytes: 2_000_000,
    directoryRepository: vault.path,
  });
  spool = await mountSmallDisk(join(world.home, "spool"), 4 * 2 ** 20);
  watched = watchCommands([...world.secrets, world.marker]);
  await world.startRunner();
  await untilLogIsCollected(database.db);
  await world.source.run(`INSERT INTO shop.orders (note, at) VALUES ('${world.marker}', NOW(6))`);
  const run = await untilEnded(database.db, (await startBackup(ctx, { system: SYSTEM })).runId);
  expect(run.errorMessage).toBeNull();
  first = run.backupId ?? "";
}, LONG_MS);

afterAll(async () => {
  watched?.stop();
  await spool?.unmount();
  await world?.stop();
  await vault?.unmount();
  await rm(DISKS, { recursive: true, force: true });
  await database?.close();
}, LONG_MS);

describe("ends as a failed run that says what happened and what to check next, in the audit log and by its exit code, and loses nothing:", () => {
  test.each(CASES)("$name", { timeout: LONG_MS }, async (each) => {
    const { exitCode, answer } = await carryOut(each);
    const { runId } = answer as { runId: string };
    expect(answer).toMatchObject({
      state: "failed",
      error: { message: expect.stringMatching(each.message), hint: expect.stringMatching(/\w+.*[.?]$/) },
    });
    expect(exitCode).toBe(each.exitCode);

    const run = await database.db.run.findUniqueOrThrow({ where: { id: runId } });
    expect({ state: run.state, message: run.errorMessage, hint: run.errorHint }).toEqual({
      state: "failed",
      message: expect.stringMatching(each.message),
      hint: expect.any(String),
    });
    const events = await database.db.auditEvent.findMany({
      where: { OR: [{ entityId: runId }, { correlationId: runId }] },
    });
    expect(events.map(({ action }) => action)).toEqual(expect.arrayContaining(["run.failed", each.event]));

    const kept = await database.db.backup.findUniqueOrThrow({ where: { id: first }, include: { copies: true } });
    expect([kept.state, ...kept.copies.map(({ state }) => state)]).toEqual([
      "complete",
      "present",
      "present",
      "present",
    ]);
    for (const name of ["primary", "secondary"] as const) {
      expect(await readWholeBackups(world.repositories[name].store)).toContain(first);
    }
  });
});

test(
  "a full disk under the spool stops the collecting of the log, and when there is room again it goes on without a gap",
  { timeout: LONG_MS },
  async () => {
    const exposure = async () => {
      const { repositories } = await getSystem(ctx, { name: SYSTEM });
      return repositories.find(({ name }) => name === "primary")?.exposureSeconds ?? Number.POSITIVE_INFINITY;
    };
    await untilFound("a small exposure", async () => (await exposure()) < 5);
    await spool.fill();
    await world.source.run(
      `INSERT INTO shop.orders (note, at) SELECT REPEAT('x', 90), NOW(6) FROM shop.seq_1_to_20000`,
    );
    await untilFound("the exposure to grow", async () => (await exposure()) > 8);
    expect(world.runnerLogs()).toMatch(/Is the disk below HOLDFAST_HOME full\?.*the runner's disk takes no more of it/);
    await spool.free();
    await untilFound("a small exposure again", async () => (await exposure()) < 5);
    expect(await database.db.logGap.count()).toBe(0);
  },
);

test(
  "after all of it the oldest full and the log behind it bring back everything, from either store",
  { timeout: LONG_MS },
  async () => {
    const [row] = await world.source.run("SELECT COUNT(*) AS orders FROM shop.orders");
    for (const name of ["primary", "secondary"] as const) {
      const run = await untilEnded(database.db, (await startRestore(ctx, { system: SYSTEM, from: name })).runId);
      expect(run.errorMessage).toBeNull();
      expect(await readRecoveredOrders(database.db, world, run.id)).toHaveLength(Number(row?.orders));
    }
  },
);

describe("no password, no key and no row is seen", () => {
  const texts = () => [...world.secrets, world.marker];

  test("in the process list, during backups, restores, verifications and the shipping of the log", () => {
    expect([...watched.programs].sort()).toEqual(
      expect.arrayContaining(["age", "mariadb", "mariadb-binlog", "mariadb-dump", "mariadbd", "zstd"]),
    );
    expect([...watched.leaks]).toEqual([]);
  });

  test("in what runners and commands say", () => {
    const output = [world.runnerLogs(), ...said].join("\n");
    expect(output).toContain("the runner works");
    for (const text of texts()) expect(output.includes(text)).toBe(false);
  });

  test("in runs, their steps, logs and errors, in audit events, or anywhere else in the console's database", async () => {
    const tables = await database.db.$queryRaw<{ name: string }[]>`
      SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'pgboss')`;
    expect(tables.length).toBeGreaterThan(15);
    for (const { name } of tables) {
      const rows = await database.db.$queryRawUnsafe<{ row: string }[]>(`SELECT t::text AS row FROM ${name} t`);
      const stored = rows.map(({ row }) => row).join("\n");
      for (const text of texts()) expect([name, stored.includes(text)]).toEqual([name, false]);
    }
  });
});
