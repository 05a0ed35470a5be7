import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OPERATOR, type TestDatabase, VIEWER, openTestDatabase, systemActor } from "@/lib/db/test-database";
import { declareEstate } from "@/lib/db/test-estate";
import { type MemoryEstate, beginMemoryEstate } from "@/lib/db/test-protection";
import { ConflictError, ForbiddenError, PreconditionError } from "@/lib/kernel/errors";
import { waitFor } from "@/lib/kernel/wait-for";
import { getRun, performRun } from "@/lib/runs";
import { claimCut, getBackup, getCut, planBackup, planCut, startBackup, startCut } from ".";

let database: TestDatabase;
let estate: MemoryEstate;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  estate = await beginMemoryEstate(database);
  await declareEstate(database, ({ systems }) => {
    Object.assign(systems, { billing: structuredClone(systems.database) });
  });
});

const perform = async (runId: string, plan: typeof planCut | typeof planBackup) => {
  await performRun(database.jobCtx(estate.engines), runId, plan as typeof planCut);
  return getRun(database.ctx(VIEWER), { id: runId });
};

/** Carries out the backups that a cut starts, as other workers of the runner do. */
async function performMembers(isEnded: () => boolean): Promise<void> {
  while (!isEnded()) {
    const queued = await database.db.run.findMany({ where: { kind: "backup", state: "queued" } });
    for (const { id } of queued) await perform(id, planBackup);
    await waitFor(20, new AbortController().signal);
  }
}

async function takeCut() {
  const { runId } = await startCut(database.ctx(OPERATOR), { reason: "before the release" });
  let isEnded = false;
  const cut = perform(runId, planCut).finally(() => (isEnded = true));
  await performMembers(() => isEnded);
  return { run: await cut, view: await getCut(database.ctx(VIEWER), { id: runId }) };
}

describe("a cut", () => {
  test("is a full of every system that declares one, under one id, with the skew between them", async () => {
    const { run, view } = await takeCut();
    expect(run.state).toBe("succeeded");
    expect(view).toMatchObject({ state: "complete", id: run.id });
    expect(view.members.map(({ system, state }) => [system, state])).toEqual([
      ["database", "complete"],
      ["billing", "complete"],
    ]);
    expect(view.skewSeconds).toBeGreaterThanOrEqual(0);
    expect(view.spanSeconds).toBeGreaterThanOrEqual(view.skewSeconds ?? 0);
    for (const { backupId } of view.members) {
      const backup = await getBackup(database.ctx(VIEWER), { id: backupId ?? "" });
      expect(backup).toMatchObject({ cut: run.id, manifest: { cut: run.id } });
    }
  });

  test("that lacks a backup fails, and says which", async () => {
    estate.engines.mariadb.server.fail("the server does not answer", true);
    const { run, view } = await takeCut();
    expect(run).toMatchObject({ state: "failed", error: { message: expect.stringContaining("database failed") } });
    expect(view).toMatchObject({ state: "failed", skewSeconds: null });
  });

  test("waits for a backup that is under way by itself", async () => {
    const { runId } = await startBackup(database.ctx(OPERATOR), { system: "database" });
    const { view } = await takeCut();
    expect(view.state).toBe("complete");
    expect(view.members.map((each) => each.runId)).not.toContain(runId);
  });

  test("is taken one at a time, and not by everyone", async () => {
    await startCut(database.ctx(OPERATOR));
    await expect(startCut(database.ctx(OPERATOR))).rejects.toThrow(PreconditionError);
    await expect(startCut(database.ctx(VIEWER))).rejects.toThrow(ForbiddenError);
  });
});

describe("a scheduled cut", () => {
  const claim = () => claimCut(database.ctx(systemActor("runner")));
  const declare = () => declareEstate(database, (whole) => Object.assign(whole, { cut: { schedule: "0 3 * * *" } }));

  test("is started once over any number of runners, and not before it was declared", async () => {
    await declare();
    expect(await claim()).toBeNull();
    database.clock.set("2026-11-24T03:00:02Z");
    const claimed = await Promise.all([claim(), claim(), claim()]);
    const runs = claimed.filter((runId) => runId !== null);
    expect(runs).toHaveLength(1);
    await database.db.run.updateMany({ data: { state: "succeeded" } });
    expect(await claim()).toBeNull();
    await expect(startCut(database.ctx(), { dueAt: "2026-11-24T03:00:00.000Z" })).rejects.toThrow(ConflictError);
  });
});
