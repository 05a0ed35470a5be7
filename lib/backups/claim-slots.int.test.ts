import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OPERATOR, type TestDatabase, openTestDatabase, systemActor } from "@/lib/db/test-database";
import { type TestEstate, declareEstate, forgetHistory, watchAudit } from "@/lib/db/test-estate";
import { ForbiddenError } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { claimSlots } from ".";

let database: TestDatabase;
let systemId: string;
let auditSince: () => Promise<string[]>;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** The estate, declared at an instant, with its clock there. */
async function declareAt(instant: string, change: (estate: TestEstate) => void = () => undefined): Promise<void> {
  database.clock.set(instant);
  // A name of its own makes it another version, applied now.
  systemId = await declareEstate(database, (estate) => {
    estate.project.name = `declared at ${instant} ${newId()}`;
    change(estate);
  });
  auditSince = await watchAudit(database);
}

beforeEach(async () => {
  await forgetHistory(database);
  await database.db.configuration.deleteMany();
  await declareAt("2026-11-22T12:00:00Z");
});

const claim = () => claimSlots(database.ctx(systemActor("runner")));
const slots = async () => {
  const rows = await database.db.slot.findMany({ where: { systemId }, orderBy: { dueAt: "asc" } });
  return rows.map(({ dueAt, state }) => [dueAt.toISOString().slice(0, 16), state]);
};
const endRun = (id: string, state: string) =>
  database.db.run.update({ where: { id }, data: { state, endedAt: database.clock.now() } });

describe("a due slot", () => {
  test("starts a backup, in the same transaction as its claim, and ends as its run did", async () => {
    database.clock.set("2026-11-23T02:00:05Z");
    const { started } = await claim();
    expect(started).toHaveLength(1);
    expect(await slots()).toEqual([["2026-11-23T02:00", "running"]]);
    const run = await database.db.run.findUniqueOrThrow({ where: { id: started[0] ?? "" } });
    expect(run).toMatchObject({ kind: "backup", state: "queued", reason: "scheduled for 2026-11-23T02:00:00.000Z" });
    expect(await auditSince()).toEqual(["backup.requested"]);

    await endRun(run.id, "succeeded");
    await claim();
    expect(await slots()).toEqual([["2026-11-23T02:00", "ok"]]);
  });

  test.each(["failed", "aborted"])("whose run %s ends as failed", async (state) => {
    database.clock.set("2026-11-23T02:00:05Z");
    const { started } = await claim();
    await endRun(started[0] ?? "", state);
    await claim();
    expect(await slots()).toEqual([["2026-11-23T02:00", "failed"]]);
  });

  test("is taken once, by however many runners at once", async () => {
    database.clock.set("2026-11-23T02:00:05Z");
    const claims = await Promise.all([claim(), claim(), claim(), claim()]);
    expect(claims.flatMap(({ started }) => started)).toHaveLength(1);
    expect(await database.db.run.count()).toBe(1);
    expect(await claim()).toEqual({ started: [] });
  });

  test("that comes while a backup is under way is that backup's", async () => {
    database.clock.set("2026-11-23T02:00:05Z");
    const [first] = (await claim()).started;
    const startedAt = database.clock.now();
    await database.db.run.update({ where: { id: first ?? "" }, data: { state: "running", startedAt } });
    database.clock.set("2026-11-24T02:00:05Z");
    expect(await claim()).toEqual({ started: [] });
    expect(await slots()).toEqual([
      ["2026-11-23T02:00", "running"],
      ["2026-11-24T02:00", "running"],
    ]);
    await endRun(first ?? "", "succeeded");
    await claim();
    expect((await slots()).map(([, state]) => state)).toEqual(["ok", "ok"]);
  });

  test("whose run no runner took within six hours is missed, and the run ends with the reason", async () => {
    database.clock.set("2026-11-23T02:00:05Z");
    const [first] = (await claim()).started;
    database.clock.set("2026-11-23T08:00:00Z");
    await claim();
    expect(await slots()).toEqual([["2026-11-23T02:00", "running"]]);
    database.clock.set("2026-11-23T08:00:06Z");
    await Promise.all([claim(), claim()]);
    expect(await slots()).toEqual([["2026-11-23T02:00", "missed"]]);
    expect((await auditSince()).filter((action) => /slot|aborted/.test(action))).toEqual([
      "slot.missed",
      "run.aborted",
    ]);
    const run = await database.db.run.findUniqueOrThrow({ where: { id: first ?? "" } });
    expect(run).toMatchObject({ state: "aborted", errorMessage: 'no runner of "primary" took it in time' });
    const facts = await database.db.alertFact.findMany({ where: { systemId, handledAt: null } });
    expect(facts.map(({ kind }) => kind)).toEqual(["slot-missed"]);
  });

  test("whose run a person asked for later is missed, and the person's run goes on waiting", async () => {
    database.clock.set("2026-11-23T02:00:05Z");
    const [first] = (await claim()).started;
    database.clock.set("2026-11-23T08:00:06Z");
    await database.db.run.update({ where: { id: first ?? "" }, data: { queuedAt: database.clock.now() } });
    await claim();
    expect(await slots()).toEqual([["2026-11-23T02:00", "missed"]]);
    expect((await database.db.run.findUniqueOrThrow({ where: { id: first ?? "" } })).state).toBe("queued");
  });

  test("that somebody finds hours later is still taken, and after six hours is missed", async () => {
    database.clock.set("2026-11-23T07:59:00Z");
    expect((await claim()).started).toHaveLength(1);
    await forgetHistory(database);
    database.clock.set("2026-11-23T08:00:01Z");
    expect(await claim()).toEqual({ started: [] });
    expect(await slots()).toEqual([["2026-11-23T02:00", "missed"]]);
    expect((await auditSince()).filter((action) => action === "slot.missed")).toHaveLength(1);
    await claim();
    expect((await auditSince()).filter((action) => action === "slot.missed")).toHaveLength(1);
  });

  test("that a failing start left unclaimed is claimed by the next tick", async () => {
    database.clock.set("2026-11-23T02:00:05Z");
    await declareAt("2026-11-23T01:59:00Z", (estate) => {
      (estate.systems.database as { runner?: object }).runner = { site: "nowhere" };
    });
    database.clock.set("2026-11-23T02:00:05Z");
    expect(await claim()).toEqual({ started: [] });
    expect(await slots()).toEqual([]);
    expect(await database.db.run.count()).toBe(0);
    await declareAt("2026-11-23T02:00:06Z");
    await database.db.configuration.updateMany({ data: { appliedAt: new Date("2026-11-22T12:00:00Z") } });
    expect((await claim()).started).toHaveLength(1);
  });
});

describe("slots that passed while no runner worked", () => {
  test("are each kept as missed, and the newest is taken", async () => {
    database.clock.set("2026-11-23T02:00:05Z");
    const [first] = (await claim()).started;
    await endRun(first ?? "", "succeeded");
    database.clock.set("2026-11-27T03:00:00Z");
    const { started } = await claim();
    expect(started).toHaveLength(1);
    expect(await slots()).toEqual([
      ["2026-11-23T02:00", "ok"],
      ["2026-11-24T02:00", "missed"],
      ["2026-11-25T02:00", "missed"],
      ["2026-11-26T02:00", "missed"],
      ["2026-11-27T02:00", "running"],
    ]);
    expect((await auditSince()).filter((action) => action === "slot.missed")).toHaveLength(3);
  });

  test("are kept once by runners that come back together", async () => {
    database.clock.set("2026-11-27T03:00:00Z");
    await Promise.all([claim(), claim(), claim()]);
    expect((await slots()).map(([, state]) => state)).toEqual(["missed", "missed", "missed", "missed", "running"]);
    expect((await auditSince()).filter((action) => action === "slot.missed")).toHaveLength(4);
  });

  test("do not come again when the clock is set back", async () => {
    database.clock.set("2026-11-25T03:00:00Z");
    await claim();
    const before = await slots();
    database.clock.set("2026-11-24T03:00:00Z");
    expect(await claim()).toEqual({ started: [] });
    expect(await slots()).toEqual(before);
  });
});

describe("a clock that is moved by an hour", () => {
  const QUARTERS = ["02:00", "02:15", "02:30", "02:45", "03:00", "03:15", "03:30"];

  /** Takes what is due, and ends it at once. */
  const work = async (instant: string) => {
    database.clock.set(`2026-11-23T${instant}:05Z`);
    const claims = await Promise.all([claim(), claim(), claim()]);
    const started = claims.flatMap((each) => each.started);
    for (const id of started) await endRun(id, "succeeded");
    return started.length;
  };

  beforeEach(() =>
    declareAt("2026-11-23T01:59:00Z", (estate) => {
      estate.systems.database.backup.full.schedule = "*/15 * * * *";
    }),
  );

  test("forwards loses no slot without a word: those that were jumped over are missed", async () => {
    expect([await work("02:00"), await work("02:15"), await work("03:15"), await work("03:30")]).toEqual([1, 1, 1, 1]);
    expect(await slots()).toEqual(
      QUARTERS.map((at) => [
        `2026-11-23T${at}`,
        ["02:30", "02:45", "03:00"].includes(at) ? "missed" : expect.any(String),
      ]),
    );
    expect((await auditSince()).filter((action) => action === "slot.missed")).toHaveLength(3);
  });

  test("backwards runs no slot twice, and goes on with the first that was not taken yet", async () => {
    for (const at of QUARTERS.slice(0, 5)) expect(await work(at)).toBe(1);
    for (const at of QUARTERS.slice(1, 5)) expect(await work(at)).toBe(0);
    expect(await work("03:15")).toBe(1);
    expect((await slots()).map(([at]) => at?.slice(11))).toEqual(QUARTERS.slice(0, 6));
    expect(await database.db.run.count()).toBe(6);
    expect((await auditSince()).filter((action) => action === "slot.missed")).toEqual([]);
  });
});

describe("a schedule", () => {
  test("counts from its declaration on: nothing is due or missed before it", async () => {
    await database.db.configuration.deleteMany();
    await declareAt("2026-11-23T03:00:00Z");
    expect(await claim()).toEqual({ started: [] });
    expect(await slots()).toEqual([]);
  });

  test("that was changed has no missed slots of the time before", async () => {
    await declareAt("2026-11-23T10:00:00Z", (estate) => {
      estate.systems.database.backup.full.schedule = "*/5 * * * *";
    });
    database.clock.set("2026-11-23T10:10:01Z");
    await claim();
    expect(await slots()).toEqual([
      ["2026-11-23T10:00", "missed"],
      ["2026-11-23T10:05", "missed"],
      ["2026-11-23T10:10", "running"],
    ]);
  });

  test("that stays the same over other changes of the configuration goes on without a break", async () => {
    database.clock.set("2026-11-23T02:00:05Z");
    const [first] = (await claim()).started;
    await endRun(first ?? "", "succeeded");
    await declareAt("2026-11-25T09:00:00Z");
    expect((await slots()).length).toBe(1);
    await claim();
    expect(await slots()).toEqual([
      ["2026-11-23T02:00", "ok"],
      ["2026-11-24T02:00", "missed"],
      ["2026-11-25T02:00", "missed"],
    ]);
  });

  test("of one system is not held up by another one's trouble", async () => {
    await declareAt("2026-11-22T13:00:00Z", (estate) => {
      const { database: one } = estate.systems;
      Object.assign(estate.systems, {
        database: { ...one, runner: { site: "nowhere" } },
        second: { ...one, runner: { site: "primary" } },
      });
    });
    database.clock.set("2026-11-23T02:00:05Z");
    const { started } = await claim();
    expect(started).toHaveLength(1);
    const run = await database.db.run.findUniqueOrThrow({ where: { id: started[0] ?? "" }, include: { system: true } });
    expect(run.system?.name).toBe("second");
  });
});

test("no person claims slots", async () => {
  await expect(claimSlots(database.ctx(OPERATOR))).rejects.toThrow(ForbiddenError);
});
