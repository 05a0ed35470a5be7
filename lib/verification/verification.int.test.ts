import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { getBackup } from "@/lib/backups";
import { AUDITOR, OPERATOR, type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { declareEstate, watchAudit } from "@/lib/db/test-estate";
import { beginMemoryEstate, shipEverything, takeFull } from "@/lib/db/test-protection";
import { type MemoryEngines, openMemoryEngines } from "@/lib/engines/memory-engines";
import { openMemoryStore } from "@/lib/engines/object-store/memory/engine";
import { FaultyStore } from "@/lib/engines/object-store/memory/faulty";
import { EngineError, ForbiddenError, NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { repositoryKeys } from "@/lib/repositories";
import { abortRun, getRun, performRun } from "@/lib/runs";
import type { RunDetail } from "@/lib/runs/schemas";
import { planVerification, startVerification } from ".";

let database: TestDatabase;
let engines: MemoryEngines;
let stores: Record<"primary" | "secondary", FaultyStore>;
let backupId: string;
let auditSince: () => Promise<string[]>;
const signal = new AbortController().signal;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  ({ engines, stores } = await beginMemoryEstate(database));
  engines = openMemoryEngines({ now: () => database.clock.now() });
  stores = { primary: new FaultyStore(openMemoryStore()), secondary: new FaultyStore(openMemoryStore()) };
  for (const [name, store] of Object.entries(stores)) engines.stores.set(name, store);
  const { server } = engines.mariadb;
  for (const count of [1, 2, 3]) server.write(`order ${count}`);
  server.beat(1n);
  await shipEverything(database, engines);
  database.clock.advance(1_000);
  backupId = await takeFull(database, engines);
  server.write("order 4");
  server.beat(2n);
  await shipEverything(database, engines);
  auditSince = await watchAudit(database);
});

type Input = Omit<Parameters<typeof startVerification>[1], "system" | "backup">;

async function verify(input: Input = {}): Promise<RunDetail> {
  const { runId } = await startVerification(database.ctx(OPERATOR), { system: "database", ...input });
  await performRun(database.jobCtx(engines), runId, planVerification);
  return getRun(database.ctx(VIEWER), { id: runId });
}

const verdictOf = async () => {
  const { verified, verifications } = await getBackup(database.ctx(VIEWER), { id: backupId });
  return { newest: verified?.verdict ?? null, level: verified?.level ?? null, count: verifications.length };
};
const dataKey = () => `${repositoryKeys.backupPrefix("database", backupId)}dump.sql.zst.age`;

function expectNothingLeft(): void {
  expect([...engines.mariadb.machine.scratches.keys()]).toEqual([]);
  expect([...engines.mariadb.machine.files.keys()]).toEqual([]);
}

describe("a good backup", () => {
  test.each([
    ["object", ["find", "object", "band"]],
    ["restore", ["find", "object", "band", "load", "compare", "check", "queries"]],
    ["replay", ["find", "object", "band", "fetch", "load", "compare", "replay", "heartbeat", "check", "queries"]],
  ] as const)("passes at level %s, by all of its steps, and leaves nothing", async (level, steps) => {
    const run = await verify({ level });
    expect(run).toMatchObject({ state: "succeeded", result: { verdict: "pass", level, backupId } });
    expect(run.steps.map((step) => step.key)).toEqual(steps);
    expect(await verdictOf()).toEqual({ newest: "pass", level, count: 1 });
    expect(await auditSince()).toEqual([
      "verification.started",
      "run.started",
      "verification.completed",
      "run.completed",
    ]);
    expectNothingLeft();
  });

  test("of one repository alone is verified there, though it was asked by system", async () => {
    await database.db.backupCopy.updateMany({ where: { repository: { name: "primary" } }, data: { state: "missing" } });
    await stores.primary.inner.delete(repositoryKeys.manifestKey("database", backupId), { signal });
    expect(await verify()).toMatchObject({ state: "succeeded", result: { fromRepository: "secondary" } });
  });
});

describe("a bad backup", () => {
  const expectBad = async (run: RunDetail, level: string) => {
    expect(run).toMatchObject({ state: "failed", error: { code: "DAMAGED" } });
    expect(await verdictOf()).toEqual({ newest: "backup-bad", level, count: 1 });
    expect(await auditSince()).toEqual(expect.arrayContaining(["verification.failed", "run.failed"]));
    expectNothingLeft();
  };

  test("with a changed byte is found by its object", async () => {
    const bytes: Buffer[] = [];
    for await (const chunk of await stores.primary.get(dataKey(), { signal })) bytes.push(chunk as Buffer);
    const whole = Buffer.from(Buffer.concat(bytes));
    whole[20] = (whole[20] ?? 0) ^ 0xff;
    await stores.primary.inner.replace(dataKey(), whole, { signal });
    await expectBad(await verify({ level: "object", from: "primary" }), "object");
  });

  test("without one of its objects, or without its manifest, is found", async () => {
    await stores.primary.inner.delete(dataKey(), { signal });
    await expectBad(await verify({ level: "object", from: "primary" }), "object");
    await stores.secondary.inner.delete(repositoryKeys.manifestKey("database", backupId), { signal });
    const run = await verify({ level: "object", from: "secondary" });
    expect(run.error?.message).toContain("is gone from repository");
    expect((await verdictOf()).newest).toBe("backup-bad");
  });

  test("whose content is not what the dump saw is found by the restore", async () => {
    const digest = engines.mariadb.digestTables.bind(engines.mariadb);
    vi.spyOn(engines.mariadb, "digestTables").mockImplementation(async (...all) => {
      const [first, ...rest] = await digest(...all);
      return first ? [{ ...first, sha256: "0".repeat(64) }, ...rest] : [];
    });
    const run = await verify({ level: "restore" });
    expect(run.error?.message).toMatch(/differs from the manifest in 1 place: /);
    await expectBad(run, "restore");
  });

  test("that lacks a table, or rows of one, is found by the restore", async () => {
    vi.spyOn(engines.mariadb, "digestTables").mockResolvedValue([]);
    await expectBad(await verify({ level: "restore" }), "restore");
  });

  test("with a table that is not well is found by the restore", async () => {
    vi.spyOn(engines.mariadb, "checkTables").mockResolvedValue({
      checked: 2,
      broken: [{ table: "shop.orders", message: "index is corrupt" }],
    });
    await expectBad(await verify({ level: "restore" }), "restore");
  });

  test("whose data answer below the owner's bounds is found by the restore, and the answer is not told", async () => {
    engines.mariadb.answers = () => "0";
    const run = await verify({ level: "restore" });
    expect(run.error?.message).toBe('the query "SELECT COUNT(*) FROM shop.orders" did not answer at least 1');
    await expectBad(run, "restore");
  });

  test("in whose log no heartbeat is, is found by the replay", async () => {
    vi.spyOn(engines.mariadb, "newestHeartbeat").mockResolvedValue(null);
    await expectBad(await verify({ level: "replay" }), "replay");
  });
});

describe("trouble around a backup", () => {
  const expectEnvironment = async (run: RunDetail) => {
    expect(run.state).toBe("failed");
    expect((await verdictOf()).newest).toBe("environment-failed");
    expectNothingLeft();
  };

  test("such as a repository that does not answer proves nothing about it", async () => {
    for (const store of Object.values(stores)) store.fail("the site is down");
    await expectEnvironment(await verify());
  });

  test("such as a wrong key proves nothing about it", async () => {
    await declareEstate(database, (estate) => {
      estate.keys.identityFile = "/memory/another.txt";
    });
    await expectEnvironment(await verify({ level: "object" }));
  });

  test("such as a full disk of the throw-away server proves nothing about it", async () => {
    engines.mariadb.machine.loadError = new EngineError("no space is left", {
      engine: "mariadb",
      operation: "load",
      permanent: false,
      hint: "Make room.",
    });
    await expectEnvironment(await verify({ level: "restore" }));
  });

  test("such as a throw-away server that cannot be removed does not change what was found out", async () => {
    vi.spyOn(engines.mariadb, "removeScratch").mockRejectedValue(
      new EngineError("the directory is busy", { engine: "mariadb", operation: "remove", permanent: false, hint: "?" }),
    );
    const run = await verify({ level: "restore" });
    expect(run).toMatchObject({ state: "failed", error: { message: "the directory is busy" } });
    expect((await verdictOf()).newest).toBe("pass");
  });

  test("such as an abort leaves no verdict", async () => {
    const { runId } = await startVerification(database.ctx(OPERATOR), { system: "database" });
    await abortRun(database.ctx(OPERATOR), { id: runId });
    await performRun(database.jobCtx(engines), runId, planVerification);
    expect(await verdictOf()).toEqual({ newest: null, level: null, count: 0 });
  });
});

describe("starting a verification", () => {
  const start = (input: object, actor = OPERATOR) => startVerification(database.ctx(actor), input);

  test("takes the system's newest backup, or the one that is named", async () => {
    database.clock.advance(60_000);
    const newer = await takeFull(database, engines);
    const bySystem = await getRun(database.ctx(VIEWER), { id: (await start({ system: "database" })).runId });
    expect(bySystem).toMatchObject({ backupId: newer, kind: "verification", state: "queued" });
    const byName = await getRun(database.ctx(VIEWER), { id: (await start({ backup: backupId })).runId });
    expect(byName.backupId).toBe(backupId);
    expect((await auditSince()).filter((action) => action === "verification.started")).toHaveLength(2);
  });

  test("of nothing, or of everything, is refused", async () => {
    await expect(start({ backup: newId() })).rejects.toThrow(NotFoundError);
    await expect(start({ system: "mail" })).rejects.toThrow(PreconditionError);
    await expect(start({})).rejects.toThrow(/expected a system or a backup/);
    await expect(start({ system: "database", backup: backupId })).rejects.toThrow(/expected a system or a backup/);
    await expect(start({ system: "database", level: "application" })).rejects.toThrow(/declares no application/);
  });

  test("does not take a backup that failed", async () => {
    await database.db.backup.updateMany({ data: { state: "failed" } });
    await expect(start({ system: "database" })).rejects.toThrow(PreconditionError);
    await expect(start({ backup: backupId })).rejects.toThrow(NotFoundError);
  });

  test("needs the right", async () => {
    for (const actor of [VIEWER, AUDITOR])
      await expect(start({ system: "database" }, actor)).rejects.toThrow(ForbiddenError);
    expect(await auditSince()).toEqual([]);
  });
});
