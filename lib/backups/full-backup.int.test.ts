import { buffer, text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ADMINISTRATOR, AUDITOR, OPERATOR, type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { beginMemoryEstate } from "@/lib/db/test-protection";
import { forgetHistory } from "@/lib/db/test-estate";
import type { Hazard } from "@/lib/engines/database/port";
import { type MemoryEngines, newMemorySigner, openMemoryEngines } from "@/lib/engines/memory-engines";
import { openMemoryStore } from "@/lib/engines/object-store/memory/engine";
import { FaultyStore, storeFailure } from "@/lib/engines/object-store/memory/faulty";
import { DamagedError, EngineError, ForbiddenError, NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { repositoryKeys } from "@/lib/repositories";
import { getRun, listRunLog, performRun, sweepRuns } from "@/lib/runs";
import { getBackup, listBackups, planBackup, readManifest, readReach, startBackup, sweepBackups } from ".";
import { Manifest } from "./manifest";

let database: TestDatabase;
let engines: MemoryEngines;
let stores: Record<"primary" | "secondary", FaultyStore>;
let systemId: string;
let auditSince: () => Promise<string[]>;
const signal = new AbortController().signal;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  ({ systemId, engines, stores, auditSince } = await beginMemoryEstate(database));
  engines = openMemoryEngines({ now: () => database.clock.now() });
  stores = { primary: new FaultyStore(openMemoryStore()), secondary: new FaultyStore(openMemoryStore()) };
  for (const [name, store] of Object.entries(stores)) engines.stores.set(name, store);
  for (const count of [1, 2, 3]) engines.mariadb.server.write(`order ${count}`);
});

const start = (actor = OPERATOR) => startBackup(database.ctx(actor), { system: "database" });

/** A full backup from the button to its end. */
async function takeBackup() {
  const { runId } = await start();
  await performRun(database.jobCtx(engines), runId, planBackup);
  const run = await getRun(database.ctx(VIEWER), { id: runId });
  const backup = run.backupId ? await getBackup(database.ctx(VIEWER), { id: run.backupId }) : null;
  return { run, backup };
}

async function keysOf(name: "primary" | "secondary"): Promise<string[]> {
  const keys: string[] = [];
  for await (const object of stores[name].inner.list("systems/", { signal })) keys.push(object.key);
  return keys;
}

const manifestsIn = async (name: "primary" | "secondary") =>
  (await keysOf(name)).filter((key) => key.endsWith("manifest.json"));

const manifestOf = async (id: string, store = stores.primary as FaultyStore): Promise<Manifest> =>
  Manifest.parse(
    await readManifest(store, { system: "database", id }, { publicKeys: [engines.signer.publicPem], signal }),
  );

const copiesOf = (backup: Awaited<ReturnType<typeof takeBackup>>["backup"]) =>
  Object.fromEntries((backup?.copies ?? []).map((copy) => [copy.repository, copy.state]));

describe("starting a backup", () => {
  test("writes the run, its job and its event together, and answers at once", async () => {
    const { runId } = await start();
    const run = await getRun(database.ctx(VIEWER), { id: runId });
    expect(run).toMatchObject({
      kind: "backup",
      state: "queued",
      system: "database",
      startedBy: "operator@example.com",
    });
    const jobs = await database.db.$queryRaw`SELECT data->>'runId' AS id FROM pgboss.job`;
    expect(jobs).toEqual([{ id: runId }]);
    expect(await auditSince()).toEqual(["backup.requested"]);
  });

  test("while one is under way is refused, also when both are asked for at once", async () => {
    const results = await Promise.allSettled([start(), start(), start()]);
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    await expect(start()).rejects.toThrow(PreconditionError);
    expect(await database.db.run.count()).toBe(1);
    expect(await auditSince()).toEqual(["backup.requested"]);
  });

  test("of what is not declared, or not backed up, is refused", async () => {
    const ctx = database.ctx(OPERATOR);
    await expect(startBackup(ctx, { system: "nothing" })).rejects.toThrow(NotFoundError);
    await expect(startBackup(ctx, { system: "mail" })).rejects.toThrow(/declares no full backup/);
  });

  test("needs the right", async () => {
    for (const actor of [VIEWER, AUDITOR]) await expect(start(actor)).rejects.toThrow(ForbiddenError);
    expect(await database.db.run.count()).toBe(0);
    expect(await auditSince()).toEqual([]);
    expect(await start(ADMINISTRATOR)).toHaveProperty("runId");
  });
});

describe("a full backup", () => {
  test("is complete when every repository has its parts and its signed manifest", async () => {
    const { run, backup } = await takeBackup();
    expect(run).toMatchObject({ state: "succeeded", result: { backupId: backup?.id, state: "complete" } });
    expect(run.steps.map((step) => step.state)).toEqual(Array(5).fill("succeeded"));
    expect(backup).toMatchObject({ state: "complete", type: "full", method: "logical", position: { gtid: "0-1-3" } });
    expect(copiesOf(backup)).toEqual({ primary: "present", secondary: "present" });
    expect(await keysOf("primary")).toEqual(await keysOf("secondary"));
    expect((await keysOf("primary")).map((key) => key.split("/").at(-1))).toEqual([
      "dump.sql.zst.age",
      "manifest.json",
      "manifest.json.sig",
      "users.sql.zst.age",
    ]);
    expect(await auditSince()).toEqual([
      "backup.requested",
      "run.started",
      "backup.started",
      "backup.completed",
      "run.completed",
    ]);
  });

  test("tells in its manifest everything that a restore needs, and the sizes and digests are those of the objects", async () => {
    const { backup } = await takeBackup();
    const manifest = await manifestOf(backup?.id ?? "");
    expect(manifest).toMatchObject({
      system: "database",
      position: { file: "binlog.000001", gtid: "0-1-3" },
      server: { id: "1", incarnation: "none" },
      schemas: ["shop"],
      tables: [{ schema: "shop", table: "orders", rows: 3 }],
    });
    for (const part of manifest.parts) {
      expect(part).toMatchObject({ encrypted: true, compression: "zstd" });
      for (const piece of part.pieces) {
        expect((await stores.secondary.head(piece.key, { signal }))?.sizeBytes).toBe(piece.sizeBytes);
      }
    }
    const page = await listBackups(database.ctx(VIEWER), { repository: "secondary" });
    expect(page.backups.map(({ id }) => id)).toEqual([backup?.id]);
    expect(await text(await stores.primary.get(manifest.parts[0]?.pieces[0]?.key ?? "", { signal }))).not.toContain(
      "order 1",
    );
  });

  test("belongs to the log that is collected, also when that began during the backup", async () => {
    const begin = (incarnation: string) =>
      database.db.system.update({ where: { id: systemId }, data: { logServerId: "1", logIncarnation: incarnation } });
    await begin("first");
    const { backup } = await takeBackup();
    expect((await manifestOf(backup?.id ?? "")).server.incarnation).toBe("first");

    await forgetHistory(database);
    stores.primary.before = async (operation, key) => {
      if (operation === "put" && key.includes("users")) await begin("meanwhile");
    };
    const second = await takeBackup();
    expect((await manifestOf(second.backup?.id ?? "")).server.incarnation).toBe("meanwhile");
  });

  test("is not claimed by a log that was begun anew during it", async () => {
    const begin = (incarnation: string) =>
      database.db.system.update({ where: { id: systemId }, data: { logServerId: "1", logIncarnation: incarnation } });
    await begin("old");
    stores.primary.before = async (operation, key) => {
      if (operation === "put" && key.includes("users")) await begin("new");
    };
    const { backup, run } = await takeBackup();
    expect((await manifestOf(backup?.id ?? "")).server.incarnation).toBe("none");
    const { lines } = await listRunLog(database.ctx(VIEWER), { id: run.id });
    expect(lines.some((line) => line.message.includes("begun anew meanwhile"))).toBe(true);
  });

  test("names what it cannot carry before anyone needs it", async () => {
    const lossy: Hazard = {
      id: "float-column",
      effect: "lossy",
      object: "shop.prices",
      message: "FLOAT",
      hint: "Use physical.",
    };
    engines.mariadb.server.hazards = [lossy, { ...lossy, effect: "warn", object: "shop.log", message: "no key" }];
    const { backup } = await takeBackup();
    expect(backup?.lossy).toEqual(["shop.prices: FLOAT"]);
    expect((await manifestOf(backup?.id ?? "")).hazards).toHaveLength(2);
  });
});

describe("a repository that fails", () => {
  const expectIncomplete = async ({ run, backup }: Awaited<ReturnType<typeof takeBackup>>) => {
    expect(run).toMatchObject({ state: "failed", error: { message: expect.stringContaining("incomplete") as string } });
    expect(backup).toMatchObject({ state: "incomplete" });
    expect(copiesOf(backup)).toEqual({ primary: "present", secondary: "missing" });
    expect(await manifestsIn("primary")).toHaveLength(1);
    expect(await manifestsIn("secondary")).toEqual([]);
    const [reaches] = [
      ...(await readReach(database.ctx(), [{ id: systemId, repositories: ["primary", "secondary"] }])).values(),
    ];
    expect(reaches?.map(({ repository, best }) => [repository, best !== null])).toEqual([
      ["primary", true],
      ["secondary", false],
    ]);
  };

  test("before the first byte leaves the backup whole in the other, incomplete, and the run failed", async () => {
    stores.secondary.fail("the site is down");
    const taken = await takeBackup();
    await expectIncomplete(taken);
    expect(taken.backup?.copies.find((copy) => copy.repository === "secondary")?.error).toBe("the site is down");
  });

  test("in the middle of the data does the same", async () => {
    stores.secondary.before = (operation, key) => {
      if (operation === "put" && key.includes("dump.sql")) throw storeFailure("the connection was lost");
    };
    await expectIncomplete(await takeBackup());
  });

  test("at the manifest does the same", async () => {
    stores.secondary.before = (operation, key) => {
      if (operation === "put" && key.endsWith("manifest.json")) throw storeFailure("no space is left");
    };
    await expectIncomplete(await takeBackup());
  });

  test("by losing what was just written is noticed before the manifest", async () => {
    stores.secondary.before = async (operation, key) => {
      if (operation === "head" && key.includes("dump.sql")) await stores.secondary.inner.delete(key, { signal });
    };
    await expectIncomplete(await takeBackup());
  });

  test("with a damaged identity does not keep the other from its backup", async () => {
    await stores.secondary.inner.replace("holdfast.json", Buffer.from("{"), { signal });
    await expectIncomplete(await takeBackup());
  });

  test("together with the other fails the run with the stores' own reason, and leaves no manifest", async () => {
    for (const store of Object.values(stores)) {
      store.before = (operation, key) => {
        if (operation === "put" && key.includes("dump.sql")) throw storeFailure("the disk is full");
      };
    }
    const { run, backup } = await takeBackup();
    expect(run).toMatchObject({
      state: "failed",
      error: { code: "ENGINE", message: "the disk is full", hint: "Does the store answer?" },
    });
    expect(backup).toMatchObject({ state: "failed", error: "the disk is full" });
    expect([...(await manifestsIn("primary")), ...(await manifestsIn("secondary"))]).toEqual([]);
    expect(await auditSince()).toEqual(expect.arrayContaining(["backup.failed", "run.failed"]));
  });
});

describe("a dump that goes wrong", () => {
  test("after its last byte leaves no manifest anywhere", async () => {
    engines.mariadb.server.dumpError = new EngineError("the dump has no footer", {
      engine: "mariadb",
      operation: "dump",
      permanent: false,
      hint: "Look at the server's error log.",
    });
    const { run, backup } = await takeBackup();
    expect(run).toMatchObject({ state: "failed", error: { message: "the dump has no footer" } });
    expect(backup?.state).toBe("failed");
    expect(
      [...(await keysOf("primary")), ...(await keysOf("secondary"))].filter(
        (key) => key.includes("dump") || key.includes("manifest"),
      ),
    ).toEqual([]);
  });

  test.each([
    ["the schema was changed", { changesSchema: true }],
    ["a row of a non-transactional table was written", { nonTransactional: true }],
  ])("since %s is taken once again, as another backup", async (what, change) => {
    const { server } = engines.mariadb;
    server.duringDump.push(() => server.write("disturbing", change));
    const { run, backup } = await takeBackup();
    expect(run).toMatchObject({ state: "succeeded", result: { state: "complete" } });
    const all = (await listBackups(database.ctx(VIEWER))).backups;
    expect(all.map(({ state, error }) => [state, error])).toEqual([
      ["complete", null],
      ["failed", `${what} during the dump`],
    ]);
    expect((await manifestOf(backup?.id ?? "")).tables[0]?.rows).toBe(4);
    expect(await manifestsIn("primary")).toHaveLength(1);
  });

  test("twice is given up, and nothing is published", async () => {
    const { server } = engines.mariadb;
    for (const round of [1, 2]) server.duringDump.push(() => server.write(`round ${round}`, { changesSchema: true }));
    const { run } = await takeBackup();
    expect(run).toMatchObject({ state: "failed", error: { code: "REFUSED" } });
    expect(await manifestsIn("primary")).toEqual([]);
    const states = (await listBackups(database.ctx(VIEWER))).backups.map((backup) => backup.state);
    expect(states).toEqual(["failed", "failed"]);
  });

  test("is not begun where a hazard refuses it, and the attempt is seen as failed", async () => {
    engines.mariadb.server.hazards = [
      {
        id: "missing-trigger-right",
        effect: "refuse",
        object: "TRIGGER",
        message: "triggers would be left out",
        hint: "Grant TRIGGER.",
      },
    ];
    const { run, backup } = await takeBackup();
    expect(run).toMatchObject({ state: "failed", error: { code: "REFUSED", hint: "Grant TRIGGER." } });
    expect(backup).toMatchObject({ state: "failed", copies: [] });
    expect(await keysOf("primary")).toEqual([]);
    expect((await auditSince()).filter((action) => action === "backup.failed")).toHaveLength(1);
  });

  test("since the server is down is a failed attempt with its reason and hint", async () => {
    engines.mariadb.server.fail("nothing listens there");
    const { run, backup } = await takeBackup();
    expect(run).toMatchObject({
      state: "failed",
      error: { message: "nothing listens there", hint: "Look at the test." },
    });
    expect(backup).toMatchObject({ state: "failed", error: "nothing listens there" });
  });
});

describe("a runner that dies during a backup", () => {
  async function dieDuringData(): Promise<string> {
    const { runId } = await start();
    const runner = new AbortController();
    engines.mariadb.server.duringDump.push(() => runner.abort());
    await expect(performRun(database.jobCtx(engines, runner.signal), runId, planBackup)).rejects.toThrow();
    return runId;
  }

  test("leaves nothing that looks whole; the next one begins another backup in the same run", async () => {
    const runId = await dieDuringData();
    expect(await manifestsIn("primary")).toEqual([]);
    await performRun(database.jobCtx(engines), runId, planBackup);
    expect(await getRun(database.ctx(VIEWER), { id: runId })).toMatchObject({ state: "succeeded", attempts: 2 });
    const { backups } = await listBackups(database.ctx(VIEWER));
    expect(backups.map((backup) => backup.state)).toEqual(["complete", "failed"]);
    expect(await manifestsIn("primary")).toHaveLength(1);
  });

  test("for good leaves no backup that is under way for ever", async () => {
    const runId = await dieDuringData();
    database.clock.advance(180_000);
    await sweepRuns(database.jobCtx(engines));
    expect(await getRun(database.ctx(VIEWER), { id: runId })).toMatchObject({ state: "failed" });
    expect(await sweepBackups(database.jobCtx(engines))).toBe(1);
    expect(await sweepBackups(database.jobCtx(engines))).toBe(0);
    const [backup] = (await listBackups(database.ctx(VIEWER))).backups;
    expect(backup).toMatchObject({ state: "failed" });
    expect(backup?.copies.map((copy) => copy.state)).toEqual(["missing", "missing"]);
    expect((await auditSince()).filter((action) => action === "backup.failed")).toHaveLength(1);
  });
});

describe("a manifest", () => {
  const signatureOf = (key: string) => repositoryKeys.signatureKey(key);

  test("that is not signed, was changed, or was signed by another key is refused as damaged", async () => {
    const { backup } = await takeBackup();
    const id = backup?.id ?? "";
    const key = repositoryKeys.manifestKey("database", id);
    const bytes = Buffer.from(await text(await stores.primary.get(key, { signal })));
    await stores.primary.replace(key, Buffer.from(bytes.toString().replace('"rows": 3', '"rows": 2')), { signal });
    await expect(manifestOf(id)).rejects.toThrow(DamagedError);
    await stores.primary.replace(key, bytes, { signal });
    expect((await manifestOf(id)).id).toBe(id);

    await stores.primary.replace(signatureOf(key), newMemorySigner().sign(bytes), { signal });
    await expect(manifestOf(id)).rejects.toThrow(/does not fit its signature/);
    await stores.primary.delete(signatureOf(key), { signal });
    await expect(manifestOf(id)).rejects.toThrow(/is not signed/);
  });

  test("that lies in the place of another backup is refused, however well it is signed", async () => {
    const { backup } = await takeBackup();
    const other = newId();
    for (const suffix of ["", ".sig"]) {
      const from = `${repositoryKeys.manifestKey("database", backup?.id ?? "")}${suffix}`;
      const bytes = await buffer(await stores.primary.get(from, { signal }));
      await stores.primary.replace(`${repositoryKeys.manifestKey("database", other)}${suffix}`, bytes, { signal });
    }
    await expect(manifestOf(other)).rejects.toThrow(DamagedError);
    await expect(manifestOf(other)).rejects.toThrow(/is the one of backup/);
  });

  test("of a format that nobody knows is refused with the way out", async () => {
    const id = newId();
    const key = repositoryKeys.manifestKey("database", id);
    const bytes = Buffer.from('{"format":2}');
    await stores.primary.replace(key, bytes, { signal });
    await stores.primary.replace(signatureOf(key), engines.signer.sign(bytes), { signal });
    await expect(manifestOf(id)).rejects.toThrow(/of a format that this version does not read/);
  });

  test("that is not there is a backup that does not exist", async () => {
    await expect(manifestOf(newId())).rejects.toThrow(NotFoundError);
  });
});
