import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { AUDITOR, OPERATOR, type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { declareEstate, watchAudit } from "@/lib/db/test-estate";
import { beginMemoryEstate, shipEverything, takeFull } from "@/lib/db/test-protection";
import type { ScratchServer } from "@/lib/engines/database/port";
import { type MemoryEngines, openMemoryEngines } from "@/lib/engines/memory-engines";
import { ForbiddenError, NotFoundError, PreconditionError, RefusedError, ValidationError } from "@/lib/kernel/errors";
import { decideStep, getRun, listRunLog, performRun } from "@/lib/runs";
import type { RunDetail } from "@/lib/runs/schemas";
import { getRunbook, planRunbook, startRunbook } from ".";

let database: TestDatabase;
let engines: MemoryEngines;
let systemId: string;
let auditSince: () => Promise<string[]>;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  ({ systemId, engines, auditSince } = await beginMemoryEstate(database));
  engines = openMemoryEngines({ now: () => database.clock.now() });
  auditSince = await watchAudit(database);
});

const server = () => engines.mariadb.server;
const scratches = () => [...engines.mariadb.machine.scratches.values()];

/** Three orders, a full, three more in the log; the last heartbeat is acknowledged at 10:00:06. */
async function protect(): Promise<string> {
  const work = async (count: number) => {
    database.clock.advance(1_000);
    server().write(`order ${count}`);
    const { at } = server().beat(BigInt(count));
    await database.db.system.update({
      where: { id: systemId },
      data: { heartbeatSeq: count, heartbeatAt: at, probedAt: at, probeError: null },
    });
  };
  for (const count of [1, 2, 3]) await work(count);
  await shipEverything(database, engines);
  const backupId = await takeFull(database, engines);
  for (const count of [4, 5, 6]) await work(count);
  await shipEverything(database, engines);
  return backupId;
}

const DRILL = { runbook: "database-corruption", mode: "drill" } as const;
const LIVE = { runbook: "database-corruption", mode: "live", confirm: "database", reason: "the disk died" } as const;

async function perform(input: Parameters<typeof startRunbook>[1]): Promise<RunDetail> {
  const { runId } = await startRunbook(database.ctx(OPERATOR), input);
  return carryOn(runId);
}

async function carryOn(runId: string): Promise<RunDetail> {
  await performRun(database.jobCtx(engines), runId, planRunbook);
  return getRun(database.ctx(VIEWER), { id: runId });
}

const messages = async (run: RunDetail) =>
  (await listRunLog(database.ctx(VIEWER), { id: run.id })).lines.map((line) => line.message).join("\n");

describe("starting a runbook", () => {
  const start = (input: object, actor = OPERATOR) =>
    startRunbook(database.ctx(actor), { ...DRILL, ...input } as Parameters<typeof startRunbook>[1]);

  test("as a drill writes the run, its job and its event together", async () => {
    const { runId } = await start({});
    expect(await getRun(database.ctx(VIEWER), { id: runId })).toMatchObject({
      kind: "runbook",
      runbook: "database-corruption",
      mode: "drill",
      state: "queued",
      clocks: { declare: "2026-11-23T10:00:00.000Z" },
    });
    expect(await auditSince()).toEqual(["runbook.started"]);
  });

  test("live leaves a critical event with the reason", async () => {
    await start(LIVE);
    const event = await database.db.auditEvent.findFirst({
      where: { action: "runbook.started" },
      orderBy: { id: "desc" },
    });
    expect(event).toMatchObject({ severity: "critical", metadata: { mode: "live", reason: "the disk died" } });
  });

  test.each([
    ["without the typed name", { ...LIVE, confirm: undefined }, /type the system's name/],
    ["with another name", { ...LIVE, confirm: "databse" }, /type the system's name/],
    ["without a reason", { ...LIVE, reason: undefined }, /a live run needs a reason/],
  ])("live %s is refused", async (_, input, message) => {
    await expect(start(input)).rejects.toThrow(message);
    expect(await auditSince()).toEqual([]);
  });

  test("live without a target that allows it at the primary's address is refused", async () => {
    await declareEstate(database, (estate) => {
      delete estate.targets.standby;
    });
    await expect(start(LIVE)).rejects.toThrow(RefusedError);
    await declareEstate(database, (estate) => {
      const { connection } = estate.systems.database;
      estate.targets.standby = {
        kind: "mariadb",
        connection: { ...connection, port: 3307 },
        directory: "/x",
        allow: ["live"],
      };
    });
    await expect(start(LIVE)).rejects.toThrow(RefusedError);
  });

  test("live while another live run goes on is refused, also when both are asked for at once; drills are not", async () => {
    const results = await Promise.allSettled([start(LIVE), start(LIVE), start(LIVE)]);
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    await expect(start(LIVE)).rejects.toThrow(PreconditionError);
    await start({});
    await start({});
    expect(await database.db.run.count({ where: { mode: "live" } })).toBe(1);
  });

  test("with a stated disruption needs a reason for it", async () => {
    await expect(start({ disruptionAt: "2026-11-23T09:00:00Z" })).rejects.toThrow(/a stated disruption needs a reason/);
    await expect(start({ disruptionAt: "2026-11-23T09:00:00", reason: "seen by a customer" })).rejects.toThrow();
    expect(await start({ disruptionAt: "2026-11-23T09:00:00Z", reason: "seen by a customer" })).toHaveProperty("runId");
  });

  test("that does not exist, from nowhere or to no point, is refused", async () => {
    await expect(start({ runbook: "flood" })).rejects.toThrow(NotFoundError);
    await expect(start({ from: "tertiary" })).rejects.toThrow(NotFoundError);
    await expect(start({ at: "yesterday" })).rejects.toThrow(ValidationError);
    await expect(getRunbook(database.ctx(VIEWER), { id: "flood" })).rejects.toThrow(NotFoundError);
  });

  test("needs the right", async () => {
    for (const actor of [VIEWER, AUDITOR]) {
      await expect(start({}, actor)).rejects.toThrow(ForbiddenError);
      await expect(start(LIVE, actor)).rejects.toThrow(ForbiddenError);
    }
    expect(await database.db.run.count()).toBe(0);
  });
});

describe("a drill", () => {
  test("recovers on a throw-away server, measures, proves the backup, leaves nothing and never touches production", async () => {
    const backupId = await protect();
    const before = server().position;
    database.clock.advance(2_000);
    const run = await perform(DRILL);
    expect(run).toMatchObject({
      state: "succeeded",
      disruptionAt: "2026-11-23T10:00:08.000Z",
      rtoActualSeconds: 0,
      rpoActualSeconds: 2,
      result: { backupId, restoredTo: { time: "2026-11-23T10:00:06.000Z" } },
    });
    const left = run.steps.filter((step) => !step.exercised);
    expect(left.map((step) => [step.key, step.state])).toEqual([
      ["cut-over", "succeeded"],
      ["traffic", "succeeded"],
    ]);
    expect(left[0]?.summary).toContain("not exercised");
    expect(scratches()).toEqual([]);
    expect(server().position).toEqual(before);
    expect(await database.db.verification.findMany()).toMatchObject([
      { backupId, level: "replay", verdict: "pass", runId: run.id },
    ]);
    expect(run.clocks).toMatchObject({
      disrupt: "2026-11-23T10:00:08.000Z",
      restoreStart: expect.any(String) as string,
      dataReady: expect.any(String) as string,
      verified: expect.any(String) as string,
    });
    expect(run.clocks).not.toHaveProperty("traffic");
  });

  test("goes on while the primary answers, and to an older point measures no RPO", async () => {
    await protect();
    const run = await perform({ ...DRILL, at: "2026-11-23T10:00:05Z" });
    expect(run).toMatchObject({ state: "succeeded", rpoActualSeconds: null });
    expect(await messages(run)).toContain("RPO is not measured");
  });

  test("that fails measures nothing, proves nothing and leaves nothing", async () => {
    await protect();
    engines.mariadb.answers = () => "0";
    const run = await perform(DRILL);
    expect(run).toMatchObject({ state: "failed", rtoActualSeconds: null, rpoActualSeconds: null });
    expect(await database.db.verification.count()).toBe(0);
    expect(scratches()).toEqual([]);
    expect(await auditSince()).toEqual(expect.arrayContaining(["run.failed", "runbook.failed"]));
  });

  test("is shown beside the standard's estimates with what was measured", async () => {
    await protect();
    await perform(DRILL);
    const view = await getRunbook(database.ctx(VIEWER), { id: "database-corruption" });
    expect(view.lastRuns).toMatchObject([{ mode: "drill", state: "succeeded", rtoActualSeconds: 0 }]);
    expect(view.steps.find((step) => step.key === "load")).toMatchObject({
      estimateSeconds: 3_000,
      measuredSeconds: 0,
      measuredRuns: 1,
    });
    expect(view.steps.find((step) => step.key === "cut-over")).toMatchObject({
      measuredSeconds: null,
      measuredRuns: 0,
    });
    expect(view.live).toEqual({ allowed: true, target: "standby", reason: null });
  });
});

describe("a live recovery", () => {
  async function loseThePrimary(): Promise<void> {
    await protect();
    server().fail("nothing listens there");
    database.clock.advance(30_000);
  }

  test("makes the recovered server the primary, and measures from the last heartbeat to the first answered client", async () => {
    await loseThePrimary();
    const failingSince = new Date("2026-11-23T10:00:08Z");
    await database.db.system.update({
      where: { id: systemId },
      data: { failingSince, probedAt: database.clock.now() },
    });
    const run = await perform(LIVE);
    expect(run).toMatchObject({
      state: "succeeded",
      disruptionAt: "2026-11-23T10:00:06.000Z",
      rtoActualSeconds: 30,
      rpoActualSeconds: 0,
    });
    expect(run.clocks).toMatchObject({ detect: "2026-11-23T10:00:08.000Z", traffic: "2026-11-23T10:00:36.000Z" });
    expect(run.steps.map((step) => step.key)).not.toContain("compare");
    expect(scratches()).toMatchObject([{ directory: "/memory/standby", state: "primary" }]);
    expect(scratches()[0]?.tables.get("shop.orders")).toHaveLength(6);
  });

  test("counts from an earlier disruption that a person stated, and not from a later one", async () => {
    await loseThePrimary();
    const stated = await perform({ ...LIVE, disruptionAt: "2026-11-23T09:59:00Z" });
    expect(stated).toMatchObject({
      disruptionAt: "2026-11-23T09:59:00.000Z",
      statedDisruptionAt: "2026-11-23T09:59:00.000Z",
      rtoActualSeconds: 96,
    });
    engines.mariadb.machine.scratches.clear();
    const later = await perform({ ...LIVE, disruptionAt: "2026-11-23T10:00:20Z" });
    expect(later.disruptionAt).toBe("2026-11-23T10:00:06.000Z");
  });

  test("without any acknowledged heartbeat needs a stated disruption, and is carried out with one", async () => {
    await loseThePrimary();
    await database.db.system.update({ where: { id: systemId }, data: { heartbeatAt: null, heartbeatSeq: null } });
    const run = await perform(LIVE);
    expect(run).toMatchObject({ state: "failed", error: { code: "PRECONDITION" } });
    const stated = await perform({ ...LIVE, disruptionAt: "2026-11-23T10:00:00Z" });
    expect(stated).toMatchObject({ state: "succeeded", disruptionAt: "2026-11-23T10:00:00.000Z" });
  });

  test("is refused while the primary still answers, before anything is done", async () => {
    await protect();
    const run = await perform(LIVE);
    expect(run).toMatchObject({ state: "failed", error: { code: "REFUSED" } });
    expect(run.steps.filter((step) => step.attempts > 0).map((step) => step.key)).toEqual(["assess"]);
    expect(scratches()).toEqual([]);
  });

  test("is refused while the primary answers others and only refuses our password", async () => {
    await protect();
    server().fail("the server refused the user name or the password", true);
    const run = await perform(LIVE);
    expect(run).toMatchObject({ state: "failed", error: { code: "REFUSED" } });
    expect(run.error?.message).toContain("still answers, though not to us");
  });

  test("that fails before the cut-over leaves no server that could be taken for the primary", async () => {
    await loseThePrimary();
    engines.mariadb.answers = () => "0";
    expect(await perform(LIVE)).toMatchObject({ state: "failed", rtoActualSeconds: null });
    expect(scratches()).toEqual([]);
  });

  test("does not touch a directory that holds something, and says so", async () => {
    await loseThePrimary();
    engines.mariadb.machine.foreign.add("/memory/standby");
    const run = await perform(LIVE);
    expect(run).toMatchObject({ state: "failed" });
    expect(run.error?.message).toContain("is not empty");
    expect(engines.mariadb.machine.foreign.has("/memory/standby")).toBe(true);
  });

  describe("whose runner dies", () => {
    /** A runner that is killed in a step: nothing of its process does anything any more. */
    async function dieIn(key: "cut-over" | "traffic"): Promise<string> {
      await loseThePrimary();
      const runner = new AbortController();
      const { runId } = await startRunbook(database.ctx(OPERATOR), LIVE);
      const killed = () => {
        runner.abort();
        return Promise.reject(runner.signal.reason as Error);
      };
      if (key === "cut-over") {
        const start = engines.mariadb.startScratch.bind(engines.mariadb);
        vi.spyOn(engines.mariadb, "startScratch").mockImplementationOnce(async (options) => {
          const scratch = await start(options);
          const takeAddress: ScratchServer["takeAddress"] = async (request) => {
            await scratch.takeAddress(request);
            return killed();
          };
          return { ...scratch, takeAddress };
        });
      } else {
        vi.spyOn(engines.probe, "ask").mockImplementationOnce(killed);
      }
      const removal = vi.spyOn(engines.mariadb, "removeScratch").mockResolvedValue(true);
      await expect(performRun(database.jobCtx(engines, runner.signal), runId, planRunbook)).rejects.toThrow();
      removal.mockRestore();
      await database.db.runStep.updateMany({ where: { runId, key }, data: { state: "running", endedAt: null } });
      return runId;
    }

    test("after the cut-over is carried on with the client's request alone; the primary is not touched", async () => {
      const runId = await dieIn("traffic");
      const loads = vi.spyOn(engines.mariadb, "load");
      const run = await carryOn(runId);
      expect(run).toMatchObject({ state: "succeeded", attempts: 2, rtoActualSeconds: 30 });
      expect(loads).not.toHaveBeenCalled();
      expect(scratches()).toMatchObject([{ state: "primary" }]);
      expect(run.steps.find((step) => step.key === "cut-over")?.attempts).toBe(1);
    });

    test("in the middle of the cut-over waits for a person, and the server that took the address stays", async () => {
      const run = await carryOn(await dieIn("cut-over"));
      expect(run).toMatchObject({ state: "waiting", currentStep: "Take the primary's address" });
      expect(scratches()).toMatchObject([{ state: "primary" }]);
    });

    test("in the middle of the cut-over, which a person then skips, ends with the client's request on that server", async () => {
      const { id } = await carryOn(await dieIn("cut-over"));
      await decideStep(database.ctx(OPERATOR), { id, step: "cut-over", decision: "skip", reason: "it answers there" });
      const run = await carryOn(id);
      expect(run).toMatchObject({ state: "succeeded", rtoActualSeconds: 30 });
      expect(scratches()).toMatchObject([{ state: "primary" }]);
      expect(scratches()[0]?.tables.get("shop.orders")).toHaveLength(6);
    });

    test("in the middle of the cut-over, which a person then repeats, never recovers over the server that took the address", async () => {
      const { id } = await carryOn(await dieIn("cut-over"));
      await decideStep(database.ctx(OPERATOR), { id, step: "cut-over", decision: "retry" });
      const run = await carryOn(id);
      expect(run.state).toBe("failed");
      expect(scratches()).toMatchObject([{ directory: "/memory/standby", state: "primary" }]);
    });
  });
});
