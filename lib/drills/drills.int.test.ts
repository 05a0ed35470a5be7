import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Actor } from "@/lib/kernel/actor";
import {
  ADMINISTRATOR,
  ANONYMOUS,
  AUDITOR,
  OPERATOR,
  type TestDatabase,
  VIEWER,
  openTestDatabase,
  systemActor,
} from "@/lib/db/test-database";
import {
  ConflictError,
  ForbiddenError,
  NotFoundError,
  PreconditionError,
  RefusedError,
  UnauthenticatedError,
  ValidationError,
} from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import {
  completeDrillTask,
  listDrillHistory,
  listDrillTasks,
  openPeriodTasks,
  signDrillTask,
  suggestEvidence,
} from ".";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

beforeEach(async () => {
  await database.db.drillTask.deleteMany();
  await database.db.verification.deleteMany();
  await database.db.run.deleteMany();
  database.clock.set("2026-11-23T10:00:00Z");
  await openPeriodTasks(database.ctx(systemActor("scheduler")));
});

const eventsOf = (action: string, entityId: string) => database.db.auditEvent.findMany({ where: { action, entityId } });

async function taskId(requirement: string, period = "2026-11"): Promise<string> {
  return (await database.db.drillTask.findUniqueOrThrow({ where: { requirement_period: { requirement, period } } })).id;
}

interface RunOptions {
  kind?: string;
  state?: string;
  runbook?: string;
  endedAt?: string;
  isMeasured?: boolean;
}

async function addRun(options: RunOptions = {}): Promise<string> {
  const id = newId();
  const endedAt = new Date(options.endedAt ?? "2026-11-20T10:00:00Z");
  await database.db.run.create({
    data: {
      id,
      kind: options.kind ?? "runbook",
      title: "Database corruption",
      runbook: options.runbook ?? "database-corruption",
      runbookVersion: 1,
      mode: "drill",
      state: options.state ?? "succeeded",
      startedBy: "someone",
      startedByLabel: "someone",
      queuedAt: endedAt,
      endedAt,
      ...(options.isMeasured ? { rtoActualMs: 90_500n, rpoActualMs: 2_000n } : {}),
    },
  });
  return id;
}

async function addVerification(runId: string, level: string, verdict = "pass"): Promise<void> {
  const at = new Date("2026-11-20T10:00:00Z");
  const system = await database.db.system.upsert({
    where: { name: "database" },
    update: {},
    create: {
      id: newId(),
      name: "database",
      kind: "mariadb",
      impact: "critical",
      rtoTargetSeconds: 7_200,
      createdAt: at,
    },
  });
  const backup = await database.db.backup.create({
    data: { id: newId(), systemId: system.id, type: "full", method: "logical", state: "complete", startedAt: at },
  });
  await database.db.verification.create({
    data: { id: newId(), systemId: system.id, backupId: backup.id, runId, level, verdict, at },
  });
}

const complete = (actor: Actor, input: Parameters<typeof completeDrillTask>[1]) =>
  completeDrillTask(database.ctx(actor), input);
const sign = (actor: Actor, id: string) => signDrillTask(database.ctx(actor), { taskId: id });
const NOTE = "read every page and mended two";

describe("openPeriodTasks", () => {
  it("makes twelve tasks once, whoever calls it and how often", async () => {
    expect(await database.db.drillTask.count()).toBe(12);
    const calls = await Promise.all([1, 2, 3].map(() => openPeriodTasks(database.ctx(systemActor("scheduler")))));
    expect(calls).toEqual([{ opened: 0 }, { opened: 0 }, { opened: 0 }]);
    expect(await database.db.drillTask.count()).toBe(12);
  });

  it("leaves an event for each period that it opens, and none where nothing was to do", async () => {
    const before = (await eventsOf("drill.opened", "2026-12")).length;
    database.clock.set("2026-12-01T00:00:00Z");
    expect(await openPeriodTasks(database.ctx(systemActor("scheduler")))).toEqual({ opened: 4 });
    await openPeriodTasks(database.ctx(systemActor("scheduler")));
    expect(await eventsOf("drill.opened", "2026-12")).toHaveLength(before + 1);
  });

  it("makes the tasks of periods in which no runner was there, so that they show as missed", async () => {
    database.clock.set("2027-02-10T00:00:00Z");
    await openPeriodTasks(database.ctx(systemActor("scheduler")));
    const { periods } = await listDrillHistory(database.ctx(VIEWER), { cadence: "monthly" });
    expect(periods.map(({ name, counts }) => [name, counts.missed])).toEqual([
      ["2027-01", 4],
      ["2026-12", 4],
      ["2026-11", 4],
    ]);
  });

  it("is refused to people", async () => {
    await expect(openPeriodTasks(database.ctx(ADMINISTRATOR))).rejects.toThrow(ForbiddenError);
  });
});

describe("listDrillTasks", () => {
  it("shows the present month, quarter and year in the schedule's order", async () => {
    const { periods } = await listDrillTasks(database.ctx(VIEWER));
    expect(periods.map(({ name }) => name)).toEqual(["2026-11", "2026-Q4", "2026"]);
    expect(periods[0]?.tasks.map(({ requirement }) => requirement)).toEqual([
      "restore-to-staging",
      "application-after-restore",
      "failover-to-standby",
      "documentation-review",
    ]);
    expect(periods[0]?.counts).toEqual({ due: 4, done: 0, signed: 0, overdue: 0, missed: 0 });
  });

  it("shows one period, or one cadence", async () => {
    expect((await listDrillTasks(database.ctx(VIEWER), { period: "2026-Q4" })).periods.map(({ name }) => name)).toEqual(
      ["2026-Q4"],
    );
    expect((await listDrillTasks(database.ctx(VIEWER), { cadence: "annual" })).periods.map(({ name }) => name)).toEqual(
      ["2026"],
    );
    expect((await listDrillTasks(database.ctx(VIEWER), { period: "2020-01" })).periods).toEqual([]);
  });

  it("shows what is overdue, then missed", async () => {
    database.clock.set("2026-12-02T00:00:00Z");
    expect((await listDrillTasks(database.ctx(VIEWER), { period: "2026-11" })).periods[0]?.counts.overdue).toBe(4);
    database.clock.set("2026-12-09T00:00:00Z");
    expect((await listDrillTasks(database.ctx(VIEWER), { period: "2026-11" })).periods[0]?.counts.missed).toBe(4);
  });

  it("is refused to whoever is not signed in", async () => {
    await expect(listDrillTasks(database.ctx(ANONYMOUS))).rejects.toThrow(UnauthenticatedError);
  });
});

describe("completeDrillTask", () => {
  it("takes a run as evidence, shows its measures and leaves an event", async () => {
    const id = await taskId("measure-objectives", "2026-Q4");
    const runId = await addRun({ isMeasured: true });
    const view = await complete(OPERATOR, { taskId: id, evidenceRunId: runId });
    expect(view).toMatchObject({
      state: "done",
      doneBy: "operator@example.com",
      note: null,
      evidence: { runId, rtoActualSeconds: 90.5, rpoActualSeconds: 2 },
      mayComplete: false,
      maySign: false,
    });
    expect(await eventsOf("drill.completed", id)).toMatchObject([
      {
        performedBy: "operator@example.com",
        metadata: { requirement: "measure-objectives", period: "2026-Q4", evidenceRunId: runId, note: null },
      },
    ]);
  });

  it("takes a note for a review, and for a test that was held without a run", async () => {
    for (const requirement of ["documentation-review", "failover-to-standby"]) {
      const view = await complete(OPERATOR, { taskId: await taskId(requirement), note: NOTE });
      expect(view).toMatchObject({ state: "done", note: NOTE, evidence: null });
    }
  });

  it("refuses a task without evidence and without a note worth signing", async () => {
    const id = await taskId("restore-to-staging");
    await expect(complete(OPERATOR, { taskId: id })).rejects.toThrow("expected a run as evidence");
    await expect(complete(OPERATOR, { taskId: id, note: " done     " })).rejects.toThrow(ValidationError);
    await expect(complete(OPERATOR, { taskId: await taskId("documentation-review") })).rejects.toThrow(
      "a note of what was done",
    );
    expect(await eventsOf("drill.completed", id)).toEqual([]);
  });

  it.each<[string, RunOptions, string]>([
    ["a run that failed", { state: "failed" }, "only one that succeeded"],
    ["a run that still goes on", { state: "running" }, "only one that succeeded"],
    ["a run of another period", { endedAt: "2026-10-31T23:59:59Z" }, "does not prove"],
    ["a backup", { kind: "backup" }, "does not prove"],
  ])("refuses %s as evidence of a restore", async (_, options, message) => {
    const input = { taskId: await taskId("restore-to-staging"), evidenceRunId: await addRun(options) };
    await expect(complete(OPERATOR, input)).rejects.toThrow(message);
  });

  it("refuses a drill of the database as evidence of a failover, and one that measured nothing as a measurement", async () => {
    const evidenceRunId = await addRun();
    await expect(complete(OPERATOR, { taskId: await taskId("failover-to-standby"), evidenceRunId })).rejects.toThrow(
      PreconditionError,
    );
    await expect(
      complete(OPERATOR, { taskId: await taskId("measure-objectives", "2026-Q4"), evidenceRunId }),
    ).rejects.toThrow(PreconditionError);
  });

  it("takes a verification only when it passed a restore", async () => {
    const evidenceRunId = await addRun({ kind: "verification" });
    const id = await taskId("restore-to-staging");
    await addVerification(evidenceRunId, "object");
    await addVerification(evidenceRunId, "restore", "backup-bad");
    await expect(complete(OPERATOR, { taskId: id, evidenceRunId })).rejects.toThrow("does not prove");
    await addVerification(evidenceRunId, "restore");
    expect((await complete(OPERATOR, { taskId: id, evidenceRunId })).state).toBe("done");
  });

  it("is a conflict the second time, also when two do it at once", async () => {
    const id = await taskId("documentation-review");
    const results = await Promise.allSettled(
      [OPERATOR, ADMINISTRATOR].map((actor) => complete(actor, { taskId: id, note: NOTE })),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    await expect(complete(OPERATOR, { taskId: id, note: NOTE })).rejects.toThrow(ConflictError);
    expect(await eventsOf("drill.completed", id)).toHaveLength(1);
  });

  it("is possible while overdue and shown as late, and refused once missed", async () => {
    const id = await taskId("documentation-review");
    database.clock.set("2026-12-02T00:00:00Z");
    expect(await complete(OPERATOR, { taskId: id, note: NOTE })).toMatchObject({ state: "done", isLate: true });
    database.clock.set("2026-12-09T00:00:00Z");
    await expect(complete(OPERATOR, { taskId: await taskId("restore-to-staging"), note: NOTE })).rejects.toThrow(
      PreconditionError,
    );
  });

  it("knows neither a task nor a run that is not there", async () => {
    await expect(complete(OPERATOR, { taskId: newId(), note: NOTE })).rejects.toThrow(NotFoundError);
    await expect(
      complete(OPERATOR, { taskId: await taskId("restore-to-staging"), evidenceRunId: newId() }),
    ).rejects.toThrow(NotFoundError);
  });

  it.each([VIEWER, AUDITOR])("rejects the read-only actor $email", async (actor) => {
    const id = await taskId("documentation-review");
    await expect(complete(actor, { taskId: id, note: NOTE })).rejects.toThrow(ForbiddenError);
    expect((await database.db.drillTask.findUniqueOrThrow({ where: { id } })).doneAt).toBeNull();
  });
});

describe("signDrillTask", () => {
  const done = async () => {
    const id = await taskId("documentation-review");
    await complete(OPERATOR, { taskId: id, note: NOTE });
    return id;
  };

  it("is a second act by another person, and leaves an event", async () => {
    const id = await done();
    expect(await sign(AUDITOR, id)).toMatchObject({
      state: "signed",
      signedBy: "auditor@example.com",
      doneBy: "operator@example.com",
    });
    expect(await eventsOf("drill.signed", id)).toMatchObject([
      { severity: "high", performedBy: "auditor@example.com", metadata: { doneBy: "operator@example.com" } },
    ]);
  });

  it("is offered to whom it is allowed, and to nobody else", async () => {
    await done();
    const offered = async (actor: Actor) =>
      (await listDrillTasks(database.ctx(actor), { period: "2026-11" })).periods[0]?.tasks.filter(
        ({ maySign }) => maySign,
      ).length;
    expect(await Promise.all([OPERATOR, AUDITOR, ADMINISTRATOR, VIEWER].map(offered))).toEqual([0, 1, 1, 0]);
  });

  it("refuses whoever did it, and what is no person", async () => {
    const id = await done();
    await expect(sign(OPERATOR, id)).rejects.toThrow(RefusedError);
    await expect(sign(systemActor("scheduler"), id)).rejects.toThrow(RefusedError);
    expect(await eventsOf("drill.signed", id)).toEqual([]);
  });

  it("refuses what is not done", async () => {
    await expect(sign(AUDITOR, await taskId("restore-to-staging"))).rejects.toThrow(PreconditionError);
  });

  it("is a conflict the second time, also when two do it at once", async () => {
    const id = await done();
    const results = await Promise.allSettled([AUDITOR, ADMINISTRATOR].map((actor) => sign(actor, id)));
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    await expect(sign(AUDITOR, id)).rejects.toThrow(ConflictError);
    expect(await eventsOf("drill.signed", id)).toHaveLength(1);
  });

  it("knows no task that is not there, and rejects the read-only actor", async () => {
    await expect(sign(AUDITOR, newId())).rejects.toThrow(NotFoundError);
    await expect(sign(VIEWER, await done())).rejects.toThrow(ForbiddenError);
  });
});

describe("suggestEvidence", () => {
  it("names the newest succeeded runs of the period that fit, and no other", async () => {
    const older = await addRun({ endedAt: "2026-11-02T00:00:00Z" });
    const newer = await addRun({ endedAt: "2026-11-12T00:00:00Z", kind: "restore" });
    await addRun({ state: "failed" });
    await addRun({ kind: "backup" });
    await addRun({ endedAt: "2026-10-12T00:00:00Z" });
    const suggest = async (id: string) =>
      (await suggestEvidence(database.ctx(VIEWER), { taskId: id })).runs.map(({ runId }) => runId);
    expect(await suggest(await taskId("restore-to-staging"))).toEqual([newer, older]);
    expect(await suggest(await taskId("full-drill", "2026-Q4"))).toEqual([older, expect.any(String)]);
    expect(await suggest(await taskId("failover-to-standby"))).toEqual([]);
    expect(await suggest(await taskId("documentation-review"))).toEqual([]);
  });
});
