import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ANONYMOUS, type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { beginMemoryEstate, shipEverything, takeFull } from "@/lib/db/test-protection";
import { type MemoryEngines, openMemoryEngines } from "@/lib/engines/memory-engines";
import { NotFoundError, UnauthenticatedError } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import type * as WaitFor from "@/lib/kernel/wait-for";
import { getSystem, keepHeartbeat, listSystems } from ".";

// The clock of the waits: what takes a second there takes a moment here.
vi.mock("@/lib/kernel/wait-for", async (original) => {
  const { waitFor } = await original<typeof WaitFor>();
  return { waitFor: (ms: number, signal: AbortSignal) => waitFor(Math.min(ms, 10), signal) };
});

let database: TestDatabase;
let engines: MemoryEngines;
let systemId: string;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  ({ systemId, engines } = await beginMemoryEstate(database));
  engines = openMemoryEngines({ now: () => database.clock.now() });
});

const server = () => engines.mariadb.server;
const probe = (probeError: string | null = null) =>
  database.db.system.update({ where: { id: systemId }, data: { probedAt: database.clock.now(), probeError } });
const theDatabase = async () => {
  const { systems } = await listSystems(database.ctx(VIEWER));
  return systems.find((system) => system.name === "database") ?? expect.fail("the database is not listed");
};

/** A full at 10:00:01, and log up to a heartbeat of 10:00:03. */
async function protect(): Promise<string> {
  server().write("order 1");
  await shipEverything(database, engines);
  database.clock.advance(1_000);
  const backupId = await takeFull(database, engines);
  database.clock.advance(2_000);
  server().beat(1n);
  await shipEverything(database, engines);
  await probe();
  return backupId;
}

const verified = (backupId: string, level: string, verdict = "pass") =>
  database.db.verification.create({
    data: { id: newId(), systemId, backupId, level, verdict, at: database.clock.now() },
  });

describe("the list of systems", () => {
  test("before anything was heard of them knows nothing, and says so", async () => {
    const { systems, objectives } = await listSystems(database.ctx(VIEWER));
    expect(systems.map(({ name, state, stateWord }) => [name, state, stateWord])).toEqual([
      ["database", "unknown", "No facts"],
      ["mail", "idle", "Not backed up"],
    ]);
    expect(await theDatabase()).toMatchObject({
      exposureSeconds: null,
      recoverableTo: null,
      lastAttemptAt: null,
      lastSuccessAt: null,
      lastProvenAt: null,
      rtoActualSeconds: null,
    });
    expect(objectives).toEqual({ rtoSeconds: 14_400, rpoSeconds: 900, mttrSeconds: 7_200, mtbfSeconds: 2_592_000 });
  });

  test("shows the exposure of the worst repository, as of now", async () => {
    const backupId = await protect();
    database.clock.advance(7_000);
    await probe();
    expect(await theDatabase()).toMatchObject({ state: "unknown", stateWord: "Not proven", newestVerdict: null });
    await verified(backupId, "restore");
    expect(await theDatabase()).toMatchObject({
      state: "ok",
      newestVerdict: "pass",
      recoverableTo: "2026-11-23T10:00:03.000Z",
      exposureSeconds: 7,
    });

    const secondary = await database.db.repository.findUniqueOrThrow({ where: { name: "secondary" } });
    await database.db.logCoverage.updateMany({
      where: { repositoryId: secondary.id },
      data: { heartbeatAt: new Date("2026-11-23T10:00:01Z") },
    });
    expect(await theDatabase()).toMatchObject({
      exposureSeconds: 9,
      repositories: [
        { name: "primary", exposureSeconds: 7 },
        { name: "secondary", exposureSeconds: 9 },
      ],
    });
  });

  test("is not ok where one repository can bring nothing back", async () => {
    await protect();
    await database.db.backupCopy.updateMany({
      where: { repository: { name: "secondary" } },
      data: { state: "missing" },
    });
    expect(await theDatabase()).toMatchObject({ state: "warning", stateWord: "No backup", exposureSeconds: null });
  });

  test("says that a backup is bad, and that the verifier is broken, whatever else there is to say", async () => {
    const backupId = await protect();
    await verified(backupId, "restore");
    database.clock.advance(1_000);
    await verified(backupId, "object", "backup-bad");
    expect(await theDatabase()).toMatchObject({ state: "warning", stateWord: "Backup bad" });
    const now = database.clock.now();
    await database.db.verifierTest.create({
      data: { id: newId(), runId: newId(), state: "broken", startedAt: now, endedAt: now },
    });
    expect(await theDatabase()).toMatchObject({ state: "warning", stateWord: "Verifier broken", verifier: "broken" });
  });

  test("says over RPO when more would be lost than the target allows, and down when it does not answer", async () => {
    await protect();
    database.clock.advance(901_000);
    await probe();
    expect(await theDatabase()).toMatchObject({ state: "warning", stateWord: "Over RPO" });
    await probe("connection refused");
    expect(await theDatabase()).toMatchObject({
      state: "failed",
      stateWord: "Down",
      stateReason: "connection refused",
    });
    database.clock.advance(31_000);
    expect(await theDatabase()).toMatchObject({ state: "unknown" });
  });

  test("tells the last attempt and the last success apart, however old they are", async () => {
    await protect();
    database.clock.set("2027-01-15T10:00:00Z");
    await database.db.backup.create({
      data: {
        id: newId(),
        systemId,
        type: "full",
        method: "logical",
        state: "failed",
        startedAt: database.clock.now(),
        endedAt: database.clock.now(),
      },
    });
    await probe();
    expect(await theDatabase()).toMatchObject({
      lastAttemptAt: "2027-01-15T10:00:00.000Z",
      lastAttemptState: "failed",
      lastSuccessAt: "2026-11-23T10:00:01.000Z",
    });
  });

  test("has a day for each of the last thirty, missed slots among them", async () => {
    await protect();
    await database.db.slot.create({
      data: { systemId, type: "full", dueAt: new Date("2026-11-22T02:00:00Z"), state: "missed" },
    });
    const { calendar, schedules } = await theDatabase();
    expect(calendar).toHaveLength(30);
    expect(calendar.slice(-2)).toEqual([
      { date: "2026-11-22", state: "missed", backups: 0 },
      { date: "2026-11-23", state: "ok", backups: 1 },
    ]);
    expect(schedules[0]?.next[0]).toBe("2026-11-24T02:00:00.000Z");
  });

  test("is for those who are signed in", async () => {
    await expect(listSystems(database.ctx(ANONYMOUS))).rejects.toThrow(UnauthenticatedError);
  });
});

describe("one system", () => {
  test("shows in a lane for each repository what can be recovered to when, and what of it was proven", async () => {
    const backupId = await protect();
    await database.db.verification.create({
      data: { id: newId(), systemId, backupId, level: "restore", verdict: "pass", at: database.clock.now() },
    });
    const detail = await getSystem(database.ctx(VIEWER), { name: "database" });
    expect(detail.lanes).toHaveLength(2);
    expect(detail.lanes[0]).toMatchObject({
      repository: "primary",
      fulls: [{ backupId, state: "present", proven: true }],
      logs: [{ from: "2026-11-23T10:00:01.000Z", to: "2026-11-23T10:00:03.000Z" }],
    });
    expect(detail).toMatchObject({ lastProvenLevel: "restore", server: { address: "127.0.0.1:3306", error: null } });
  });

  test("does not count an object that was read back as a proven restore", async () => {
    const backupId = await protect();
    await database.db.verification.create({
      data: { id: newId(), systemId, backupId, level: "object", verdict: "pass", at: database.clock.now() },
    });
    const detail = await getSystem(database.ctx(VIEWER), { name: "database" });
    expect(detail.lastProvenAt).toBeNull();
    expect(detail.lanes[0]?.fulls[0]?.proven).toBe(false);
  });

  test("shows the holes in its log", async () => {
    await database.db.logGap.create({
      data: {
        id: newId(),
        systemId,
        serverId: "1",
        incarnation: "x",
        file: "binlog.000001",
        reason: "purged",
        detectedAt: database.clock.now(),
      },
    });
    const { gaps } = await getSystem(database.ctx(VIEWER), { name: "database" });
    expect(gaps).toEqual([{ from: null, to: null, reason: "purged", detectedAt: "2026-11-23T10:00:00.000Z" }]);
  });

  test("that is not declared, or not any more, does not exist", async () => {
    await expect(getSystem(database.ctx(VIEWER), { name: "nothing" })).rejects.toThrow(NotFoundError);
    await database.db.system.update({ where: { name: "mail" }, data: { removedAt: database.clock.now() } });
    await expect(getSystem(database.ctx(VIEWER), { name: "mail" })).rejects.toThrow(NotFoundError);
    await database.db.system.update({ where: { name: "mail" }, data: { removedAt: null } });
  });
});

describe("the heartbeat", () => {
  const rowOf = () => database.db.system.findUniqueOrThrow({ where: { id: systemId } });
  const until = (fact: (row: Awaited<ReturnType<typeof rowOf>>) => void) =>
    vi.waitFor(async () => fact(await rowOf()), { timeout: 5_000, interval: 5 });

  /** Beats while `work` runs. */
  async function beating(work: () => Promise<void>): Promise<void> {
    const stopping = new AbortController();
    const keeping = keepHeartbeat(database.jobCtx(engines, stopping.signal), "database");
    try {
      await work();
    } finally {
      stopping.abort();
      await keeping;
    }
  }

  test("counts on, and only what the server acknowledged is kept", async () => {
    await beating(async () => {
      await until((row) => expect(Number(row.heartbeatSeq)).toBeGreaterThanOrEqual(3));
    });
    const { heartbeatSeq, heartbeatAt, probeError } = await rowOf();
    expect({ heartbeatAt, probeError }).toEqual({ heartbeatAt: database.clock.now(), probeError: null });
    expect(server().tables.get("holdfast.heartbeat")?.[0]).toMatch(new RegExp(`^${heartbeatSeq}\\b`));
  });

  test("goes on counting where an earlier runner ended", async () => {
    await database.db.system.update({ where: { id: systemId }, data: { heartbeatSeq: 41n } });
    await beating(async () => {
      await until((row) => expect(Number(row.heartbeatSeq)).toBeGreaterThanOrEqual(42));
    });
    expect(Number((await rowOf()).heartbeatSeq)).toBeGreaterThanOrEqual(42);
  });

  test("that is refused says why the system is down, keeps the last one, and goes on by itself", async () => {
    const prepared = vi.spyOn(engines.mariadb, "prepareHeartbeat");
    await beating(async () => {
      await until((row) => expect(row.heartbeatAt).not.toBeNull());
      server().fail("nothing listens there");
      await until((row) => expect(row.probeError).toBe("nothing listens there"));
      const lost = await rowOf();
      database.clock.advance(5_000);
      await until((row) => expect(row.probedAt).toEqual(database.clock.now()));
      expect((await rowOf()).heartbeatSeq).toBe(lost.heartbeatSeq);
      // The outage was detected at the first refusal, not at the newest.
      expect(lost.failingSince).toEqual(lost.probedAt);
      expect((await rowOf()).failingSince).toEqual(lost.failingSince);
      const before = prepared.mock.calls.length;
      server().fail(null);
      await until((row) => expect([row.probeError, row.failingSince]).toEqual([null, null]));
      // A recovered server may be one in which the table is not there yet.
      expect(prepared.mock.calls.length).toBeGreaterThan(before - 1);
      await until((row) => expect(row.heartbeatSeq).toBeGreaterThan(lost.heartbeatSeq ?? 0n));
    });
  });
});
