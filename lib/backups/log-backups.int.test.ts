import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OPERATOR, type TestDatabase, VIEWER, openTestDatabase, systemActor } from "@/lib/db/test-database";
import { type TestEstate, declareEstate } from "@/lib/db/test-estate";
import { type MemoryEstate, beginMemoryEstate, shipEverything, takeFull } from "@/lib/db/test-protection";
import { PreconditionError } from "@/lib/kernel/errors";
import { waitFor } from "@/lib/kernel/wait-for";
import { getRun, performRun } from "@/lib/runs";
import { claimSlots, getBackup, planBackup, readManifest, shipLog, startBackup } from ".";
import { LogManifest } from "./manifest";
import type { BackupType } from "./schemas";

let database: TestDatabase;
let estate: MemoryEstate;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const declareIncrements = (to: string[]) =>
  declareEstate(database, ({ systems }: TestEstate) => {
    systems.database.backup.incremental = { to };
  });

beforeEach(async () => {
  estate = await beginMemoryEstate(database);
  await declareIncrements(["primary", "secondary"]);
  estate.engines.mariadb.server.write("order 1");
  estate.engines.mariadb.server.beat(1n);
  await shipEverything(database, estate.engines);
});

/** A backup from the button to its end, while the log is shipped as a runner does. */
async function take(type: BackupType, { isShipping = true } = {}) {
  const stopping = new AbortController();
  const ctx = { ...database.jobCtx(estate.engines, stopping.signal), actor: systemActor("runner") };
  const shipping = isShipping ? shipLog(ctx, "database") : Promise.resolve();
  const { runId } = await startBackup(database.ctx(OPERATOR), { system: "database", type });
  await performRun(database.jobCtx(estate.engines), runId, planBackup);
  stopping.abort();
  await shipping;
  const run = await getRun(database.ctx(VIEWER), { id: runId });
  return { run, backup: run.backupId ? await getBackup(database.ctx(VIEWER), { id: run.backupId }) : null };
}

const manifestIn = async (name: "primary" | "secondary", id: string) =>
  LogManifest.parse(
    await readManifest(
      estate.stores[name],
      { system: "database", id },
      { publicKeys: [estate.engines.signer.publicPem], signal: new AbortController().signal },
    ),
  );

describe("an incremental of a database", () => {
  test("is its closed logs since the full, in every repository, signed", async () => {
    const full = await takeFull(database, estate.engines);
    estate.engines.mariadb.server.write("order 2");
    const { run, backup } = await take("incremental");
    expect(run.state).toBe("succeeded");
    expect(backup).toMatchObject({ type: "incremental", method: "logical", state: "complete", sizeBytes: 0 });
    for (const name of ["primary", "secondary"] as const) {
      const manifest = await manifestIn(name, run.backupId ?? "");
      expect(manifest.parent).toBe(full);
      expect(manifest.endPosition).toEqual({ file: estate.engines.mariadb.server.file, offset: 0 });
      const [log] = manifest.logs;
      expect(log?.file).toBe(manifest.position.file);
      expect(await estate.stores[name].head(log?.key ?? "", { signal: new AbortController().signal })).not.toBeNull();
    }
  });

  test("names every log since the full, not only those since the one before", async () => {
    await takeFull(database, estate.engines);
    await take("incremental");
    estate.engines.mariadb.server.write("order 3");
    const { run } = await take("incremental");
    expect((await manifestIn("primary", run.backupId ?? "")).logs).toHaveLength(2);
  });

  test("is refused without a full that belongs to the log", async () => {
    const { run, backup } = await take("incremental");
    expect(run).toMatchObject({ state: "failed", error: { hint: expect.stringContaining("full backup first") } });
    expect(backup).toMatchObject({ type: "incremental", state: "failed" });
  });

  test("fails when the log is begun anew while it waits", async () => {
    await takeFull(database, estate.engines);
    const { runId } = await startBackup(database.ctx(OPERATOR), { system: "database", type: "incremental" });
    const performing = performRun(database.jobCtx(estate.engines), runId, planBackup);
    await waitFor(200, new AbortController().signal);
    await database.db.system.update({ where: { id: estate.systemId }, data: { logIncarnation: "another" } });
    await performing;
    const run = await getRun(database.ctx(VIEWER), { id: runId });
    expect(run).toMatchObject({ state: "failed", error: { message: expect.stringContaining("begun anew") } });
  });

  test("is not taken beside a full, and a full not beside it", async () => {
    await startBackup(database.ctx(OPERATOR), { system: "database" });
    await expect(startBackup(database.ctx(OPERATOR), { system: "database", type: "incremental" })).rejects.toThrow(
      PreconditionError,
    );
    await startBackup(database.ctx(OPERATOR), { system: "database", type: "log" });
  });

  test("is refused where none is declared", async () => {
    await declareEstate(database);
    await expect(startBackup(database.ctx(OPERATOR), { system: "database", type: "incremental" })).rejects.toThrow(
      /declares no incremental/,
    );
  });
});

describe("a log backup", () => {
  test("ends when every repository has what the server had written", async () => {
    estate.engines.mariadb.server.write("order 2");
    const { run } = await take("log");
    expect(run).toMatchObject({ state: "succeeded", backupId: null });
    const reached = await database.db.logCoverage.findMany({ where: { file: estate.engines.mariadb.server.file } });
    expect(reached.map(({ endOffset }) => Number(endOffset))).toEqual([
      estate.engines.mariadb.server.position.offset,
      estate.engines.mariadb.server.position.offset,
    ]);
  });

  test("goes on waiting while one repository has not got it", async () => {
    estate.engines.mariadb.server.write("order 2");
    const { runId } = await startBackup(database.ctx(OPERATOR), { system: "database", type: "log" });
    const stopping = new AbortController();
    const performing = performRun(database.jobCtx(estate.engines, stopping.signal), runId, planBackup).catch(
      () => undefined,
    );
    await waitFor(300, new AbortController().signal);
    expect((await getRun(database.ctx(VIEWER), { id: runId })).state).toBe("running");
    stopping.abort();
    await performing;
  });
});

describe("slots of every declared type", () => {
  const claim = () => claimSlots(database.ctx(systemActor("runner")));
  const typesOf = async () => {
    const rows = await database.db.slot.findMany({ orderBy: [{ dueAt: "asc" }, { type: "asc" }] });
    return rows.map(({ type, dueAt, state }) => `${dueAt.toISOString().slice(11, 16)} ${type} ${state}`);
  };
  const declareAt = async (instant: string, stream: boolean) => {
    database.clock.set(instant);
    await database.db.configuration.deleteMany();
    await declareEstate(database, ({ systems }) => {
      systems.database.backup.incremental = {};
      systems.database.backup.log.stream = stream;
    });
  };

  test("fall due at the standard's times when no others are declared; a streamed log has none", async () => {
    await declareAt("2026-11-23T11:50:00Z", true);
    database.clock.set("2026-11-23T12:00:05Z");
    await claim();
    expect(await typesOf()).toEqual(["12:00 incremental running"]);
  });

  test("of a log that is not streamed fall due every 15 minutes, beside an incremental", async () => {
    await declareAt("2026-11-23T11:50:00Z", false);
    database.clock.set("2026-11-23T12:00:05Z");
    await claim();
    expect(await typesOf()).toEqual(["12:00 incremental running", "12:00 log running"]);
  });

  test("an incremental's slot is taken by the full that is under way", async () => {
    await declareAt("2026-11-23T11:50:00Z", true);
    const { runId } = await startBackup(database.ctx(OPERATOR), { system: "database" });
    database.clock.set("2026-11-23T12:00:05Z");
    await claim();
    expect(await database.db.slot.findMany({ select: { type: true, runId: true } })).toEqual([
      { type: "incremental", runId },
    ]);
  });

  test("a full's slot waits for the incremental that is under way", async () => {
    await declareAt("2026-11-23T01:50:00Z", true);
    const { runId } = await startBackup(database.ctx(OPERATOR), { system: "database", type: "incremental" });
    database.clock.set("2026-11-23T02:00:05Z");
    await claim();
    expect(await typesOf()).toEqual([]);
    await database.db.run.update({ where: { id: runId }, data: { state: "succeeded", endedAt: database.clock.now() } });
    await claim();
    expect(await typesOf()).toEqual(["02:00 full running"]);
  });
});
