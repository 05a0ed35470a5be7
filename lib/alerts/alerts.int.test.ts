import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { claimSlots, planBackup, shipLog, startBackup } from "@/lib/backups";
import { ANONYMOUS, OPERATOR, type TestDatabase, VIEWER, openTestDatabase, systemActor } from "@/lib/db/test-database";
import { testEstate } from "@/lib/db/test-estate";
import { type MemoryEstate, beginMemoryEstate, shipEverything, takeFull } from "@/lib/db/test-protection";
import {
  ConflictError,
  ForbiddenError,
  NotFoundError,
  PreconditionError,
  UnauthenticatedError,
} from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { waitFor } from "@/lib/kernel/wait-for";
import { repositoryKeys } from "@/lib/repositories";
import { abortRun, performRun } from "@/lib/runs";
import { applyConfiguration } from "@/lib/settings";
import { planVerification, startVerification } from "@/lib/verification";
import {
  acknowledgeAlert,
  deliverAlert,
  enqueueDeliveries,
  listAlerts,
  listDeliveries,
  raiseAlerts,
  settleAlerts,
  testChannel,
} from ".";
import { ATTEMPTS_MAX } from "./model";
import type { AlertKind } from "./schemas";

let database: TestDatabase;
let estate: MemoryEstate;
const signal = new AbortController().signal;
const OPS = "ops-team@example.com";
const CHANNELS = {
  mail: { kind: "smtp", url: "smtp://127.0.0.1:25", to: [OPS] },
  hook: { kind: "webhook", url: "https://hooks.example.com/alerts", secret: "${HOOK_SECRET}" },
};

async function declare(change: { channels?: object; owner?: string; deputy?: string } = {}): Promise<void> {
  const { channels = CHANNELS, ...people } = change;
  const declared = testEstate();
  const systems = { ...declared.systems, database: { ...declared.systems.database, ...people } };
  await applyConfiguration(database.ctx(), { text: JSON.stringify({ ...declared, systems, channels }) });
}

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  estate = await beginMemoryEstate(database);
  await declare();
});

const runner = () => database.jobCtx(estate.engines);
/** What a runner does every few seconds, without the sending. */
async function tick(): Promise<void> {
  await raiseAlerts(runner());
  await settleAlerts(runner());
  await enqueueDeliveries(runner(), "primary");
}
/** Does the jobs that were sent, as the queue would. */
async function deliver(): Promise<void> {
  const jobs = await database.db.$queryRaw<{ id: string; deliveryId: string }[]>`
    DELETE FROM pgboss.job WHERE name = 'alert.deliver.primary' RETURNING id::text AS id, data->>'deliveryId' AS "deliveryId"`;
  for (const { deliveryId } of jobs)
    await deliverAlert(runner(), { deliveryId, consoleUrl: "https://dr.example.com/" });
}
async function alerts() {
  return (await listAlerts(database.ctx(OPERATOR))).alerts;
}
async function onlyAlert() {
  const all = await alerts();
  expect(all).toHaveLength(1);
  const [alert] = all;
  return alert ?? expect.fail("no alert");
}

async function addRun(state: string, error = "the disk is full"): Promise<string> {
  const id = newId();
  const now = database.clock.now();
  await database.db.run.create({
    data: {
      ...{ id, kind: "backup", title: "Full backup", state, systemId: estate.systemId },
      parameters: { type: "full" },
      ...{ startedBy: "s", startedByLabel: "s", queuedAt: now, endedAt: now },
      ...(state === "failed" ? { errorMessage: error, errorHint: "Make room." } : {}),
    },
  });
  return id;
}

async function backUp(): Promise<string> {
  const { runId } = await startBackup(database.ctx(OPERATOR), { system: "database" });
  await performRun(runner(), runId, planBackup);
  return runId;
}
async function ship(): Promise<void> {
  const { server } = estate.engines.mariadb;
  server.write("order 1");
  server.beat(1n);
  await shipEverything(database, estate.engines);
  database.clock.advance(1_000);
}

/** Each cause, brought about by the product's own code. */
const CAUSES: Record<AlertKind, () => Promise<void>> = {
  "backup-failed": async () => {
    estate.engines.mariadb.server.fail("nothing listens there");
    await backUp();
    estate.engines.mariadb.server.fail(null);
  },
  "slot-missed": async () => {
    database.clock.set("2026-11-24T09:00:00Z");
    await claimSlots(database.ctx(systemActor("runner")));
  },
  "backup-incomplete": async () => {
    await ship();
    estate.stores.secondary.fail("the site is down");
    await backUp();
    estate.stores.secondary.fail(null);
  },
  "verification-failed": async () => {
    await ship();
    const backupId = await takeFull(database, estate.engines);
    for (const store of Object.values(estate.stores)) {
      await store.inner.delete(`${repositoryKeys.backupPrefix("database", backupId)}dump.sql.zst.age`, { signal });
    }
    const { runId } = await startVerification(database.ctx(OPERATOR), { system: "database", level: "object" });
    await performRun(runner(), runId, planVerification);
  },
  "log-gap": async () => {
    await ship();
    const stopping = new AbortController();
    const shipping = shipLog({ ...runner(), signal: stopping.signal }, "database");
    const hasGap = async () => (await database.db.logGap.count()) > 0;
    while (!(await hasCollector())) await waitFor(10, signal);
    estate.engines.mariadb.server.resetLog();
    while (!(await hasGap())) await waitFor(20, signal);
    stopping.abort();
    await shipping;
  },
};
const hasCollector = () => Promise.resolve(estate.engines.mariadb.collectors.some((each) => !each.isStopped));

describe("each cause", () => {
  test.each(Object.keys(CAUSES) as AlertKind[])("%s: one alert, one mail, one webhook, one task", async (kind) => {
    await CAUSES[kind]();
    await tick();
    await deliver();
    await tick();
    const alert = await onlyAlert();
    expect(alert).toMatchObject({ kind, system: "database", state: "open", occurrences: 1 });
    expect(alert.cause).not.toBe("");
    expect(alert.task).toMatchObject({ action: "Manual backup within 1 hour", isOverdue: false, doneAt: null });
    expect(Date.parse(alert.task.dueAt) - Date.parse(alert.raisedAt)).toBe(3_600_000);
    const { mail, hook } = estate.engines;
    expect(mail.sent.map((each) => each.to)).toEqual([OPS]);
    expect(mail.sent[0]?.subject).toContain(alert.title);
    expect(mail.sent[0]?.text).toContain("Manual backup within 1 hour, by 2026-11-2");
    expect(mail.sent[0]?.text).toContain(`https://dr.example.com/alerts#${alert.id}`);
    expect(hook.received).toHaveLength(1);
    expect(JSON.parse(hook.received[0]?.body ?? "{}")).toMatchObject({
      event: "alert.raised",
      alert: { id: alert.id, kind, system: "database", dueAt: alert.task.dueAt },
    });
    expect(alert.deliveries.map((each) => [each.channel, each.state, each.attempts])).toEqual([
      ["hook", "delivered", 1],
      ["mail", "delivered", 1],
    ]);
    expect(await estate.auditSince()).toEqual(expect.arrayContaining(["alert.raised", "alert.delivered"]));
  });

  test("that an operator brought about by an abort is no alert", async () => {
    const { runId } = await startBackup(database.ctx(OPERATOR), { system: "database" });
    await abortRun(database.ctx(OPERATOR), { id: runId });
    await tick();
    expect(await alerts()).toEqual([]);
  });
});

describe("a fact", () => {
  test("whose runner died before anybody looked is raised by the next one, with its own time", async () => {
    await addRun("failed");
    database.clock.advance(7_200_000);
    await tick();
    expect(await onlyAlert()).toMatchObject({
      firstAt: "2026-11-23T10:00:00.000Z",
      raisedAt: "2026-11-23T12:00:00.000Z",
      hint: "Make room.",
    });
  });

  test("of a transaction that is rolled back raises nothing", async () => {
    const failing = database.db.$transaction(async (tx) => {
      await tx.slot.create({
        data: { systemId: estate.systemId, type: "full", dueAt: database.clock.now(), state: "missed" },
      });
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    await tick();
    expect(await alerts()).toEqual([]);
  });

  test("that comes again is counted: a failure every 5 s is one alert and one mail", async () => {
    for (let each = 0; each < 6; each += 1) {
      await addRun("failed", `failure ${each}`);
      await tick();
      await deliver();
      database.clock.advance(5_000);
    }
    expect(await onlyAlert()).toMatchObject({ occurrences: 6, cause: "failure 5" });
    expect(estate.engines.mail.sent).toHaveLength(1);
  });

  test("is raised once by however many runners at once", async () => {
    await Promise.all([addRun("failed"), addRun("failed"), addRun("failed")]);
    await Promise.all([tick(), tick(), tick()]);
    await deliver();
    expect(await onlyAlert()).toMatchObject({ occurrences: 3 });
    expect(estate.engines.mail.sent).toHaveLength(1);
  });

  test("with a secret in its reason is told without it", async () => {
    await addRun("failed", "cannot reach mysql://holdfast:verysecret@db/ with AGE-SECRET-KEY-1VERYSECRET");
    await tick();
    await deliver();
    const { mail, hook } = estate.engines;
    const told = JSON.stringify([await alerts(), mail.sent, hook.received, await database.db.auditEvent.findMany()]);
    expect(told).toContain("mysql://holdfast:[secret]@db/");
    expect(told.toLowerCase()).not.toContain("verysecret");
  });
});

describe("an alert", () => {
  test("resolves by itself when the next backup completes: its task is done, and whoever was told hears of it", async () => {
    await CAUSES["backup-failed"]();
    await tick();
    database.clock.advance(1_000);
    await ship();
    const backupId = await takeFull(database, estate.engines);
    await tick();
    expect(await onlyAlert()).toMatchObject({ state: "resolved", task: { doneBackupId: backupId } });
    await deliver();
    const { mail, hook } = estate.engines;
    expect(
      mail.sent.map(({ to, subject }) => [to, subject.includes("resolved: Database: full backup failed")]),
    ).toEqual(expect.arrayContaining([[OPS, true]]));
    expect(hook.received.map(({ body }) => (JSON.parse(body) as { event: string }).event)).toContain("alert.resolved");
    await addRun("failed");
    await tick();
    expect(await alerts()).toHaveLength(2);
  });

  test("of an incomplete backup resolves when the missing copy is brought in", async () => {
    await CAUSES["backup-incomplete"]();
    await tick();
    const { backupId } = await onlyAlert();
    await database.db.backup.update({ where: { id: backupId ?? "" }, data: { state: "complete" } });
    await tick();
    expect(await onlyAlert()).toMatchObject({ state: "resolved", task: { doneBackupId: backupId } });
  });

  test("of a verification resolves by a proof at that level, not by a lower one, nor by a backup", async () => {
    await ship();
    const backupId = await takeFull(database, estate.engines);
    const verified = async (level: string, verdict: string) => {
      database.clock.advance(1_000);
      await database.db.verification.create({
        data: { id: newId(), systemId: estate.systemId, backupId, level, verdict, at: database.clock.now() },
      });
      await tick();
    };
    await verified("restore", "backup-bad");
    await verified("object", "pass");
    expect((await onlyAlert()).state).toBe("open");
    database.clock.advance(1_000);
    await takeFull(database, estate.engines);
    await tick();
    expect(await onlyAlert()).toMatchObject({ state: "open", task: { isOverdue: false } });
    expect((await onlyAlert()).task.doneAt).not.toBeNull();
    await verified("replay", "pass");
    expect((await onlyAlert()).state).toBe("resolved");
  });

  test("whose task is overdue is graver, and everybody is told so, once", async () => {
    await addRun("failed");
    await tick();
    expect(await onlyAlert()).toMatchObject({ severity: "high", task: { isOverdue: false } });
    database.clock.advance(3_600_000);
    await tick();
    await tick();
    expect(await onlyAlert()).toMatchObject({ severity: "critical", task: { isOverdue: true } });
    expect((await estate.auditSince()).filter((action) => action === "alert.overdue")).toHaveLength(1);
    await deliver();
    const overdue = estate.engines.mail.sent.filter(({ subject }) => subject.includes("overdue, critical"));
    expect(overdue).toHaveLength(1);
    expect(overdue[0]?.text).toContain("Overdue: Manual backup within 1 hour; its time ended at 2026-11-23");
  });

  test("shows the backup that is under way", async () => {
    await addRun("failed");
    await tick();
    const { runId } = await startBackup(database.ctx(OPERATOR), { system: "database" });
    expect((await onlyAlert()).task.openRunId).toBe(runId);
  });
});

describe("acknowledgeAlert", () => {
  const raised = async () => {
    await addRun("failed");
    await tick();
    return (await onlyAlert()).id;
  };

  test("says who has taken it, leaves an event, and the clock goes on", async () => {
    const id = await raised();
    const view = await acknowledgeAlert(database.ctx(OPERATOR), { id, note: "on it" });
    expect(view).toMatchObject({ state: "acknowledged", acknowledgedBy: "operator@example.com", note: "on it" });
    expect(view.mayAcknowledge).toBe(false);
    expect((await estate.auditSince()).at(-1)).toBe("alert.acknowledged");
  });

  test("is a conflict the second time, also when two do it at once", async () => {
    const id = await raised();
    const results = await Promise.allSettled([1, 2].map(() => acknowledgeAlert(database.ctx(OPERATOR), { id })));
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    await expect(acknowledgeAlert(database.ctx(OPERATOR), { id })).rejects.toThrow(ConflictError);
  });

  test("is refused for one that is resolved, and for one that is not there", async () => {
    const id = await raised();
    await database.db.alert.update({ where: { id }, data: { resolvedAt: database.clock.now() } });
    await expect(acknowledgeAlert(database.ctx(OPERATOR), { id })).rejects.toThrow(PreconditionError);
    await expect(acknowledgeAlert(database.ctx(OPERATOR), { id: newId() })).rejects.toThrow(NotFoundError);
  });

  test("is refused to viewers, and the list to whoever is not signed in", async () => {
    const id = await raised();
    await expect(acknowledgeAlert(database.ctx(VIEWER), { id })).rejects.toThrow(ForbiddenError);
    expect((await listAlerts(database.ctx(VIEWER))).alerts[0]).toMatchObject({
      mayAcknowledge: false,
      mayBackUp: false,
    });
    await expect(listAlerts(database.ctx(ANONYMOUS))).rejects.toThrow(UnauthenticatedError);
    await expect(raiseAlerts(database.ctx(OPERATOR))).rejects.toThrow(ForbiddenError);
  });
});

describe("a delivery", () => {
  const mailOf = async () => (await onlyAlert()).deliveries.find((each) => each.kind === "smtp");

  test("to a server that is away is tried again, and arrives once it is back, under one id", async () => {
    estate.engines.mail.isAway = true;
    await addRun("failed");
    await tick();
    await deliver();
    expect(await mailOf()).toMatchObject({
      state: "pending",
      attempts: 1,
      lastAnswer: expect.stringContaining("refused") as string,
    });
    for (let each = 0; each < 5; each += 1) {
      database.clock.advance(60_000);
      await tick();
      await deliver();
    }
    expect(estate.engines.hook.received).toHaveLength(1);
    estate.engines.mail.isAway = false;
    database.clock.advance(600_000);
    await tick();
    await deliver();
    const mail = await mailOf();
    expect(mail).toMatchObject({ state: "delivered", lastAnswer: "250 accepted" });
    expect(estate.engines.mail.sent.map((each) => each.messageId)).toEqual([`${mail?.id ?? ""}@example.com`]);
  });

  test("to a server that stays away is undelivered after the last try, and an event says so", async () => {
    estate.engines.mail.isAway = true;
    await addRun("failed");
    for (let each = 0; each < ATTEMPTS_MAX + 2; each += 1) {
      await tick();
      await deliver();
      database.clock.advance(600_000);
    }
    expect(await mailOf()).toMatchObject({ state: "undelivered", attempts: ATTEMPTS_MAX });
    expect(await estate.auditSince()).toContain("alert.undelivered");
  });

  test("that is refused for good is undelivered at once, with the server's words; the others are not", async () => {
    await declare({ owner: "gone@example.com", deputy: "The deputy, by phone" });
    estate.engines.mail.refused.add("gone@example.com");
    await addRun("failed");
    await tick();
    await deliver();
    const { deliveries } = await onlyAlert();
    expect(deliveries.map((each) => [each.recipient, each.state])).toEqual([
      ["https://hooks.example.com", "delivered"],
      ["gone@example.com", "undelivered"],
      [OPS, "delivered"],
    ]);
    expect(deliveries[1]?.lastAnswer).toContain("550 no such user");
  });

  test("whose job was lost, or whose runner died in the middle, is sent by the next one", async () => {
    await addRun("failed");
    await tick();
    await database.db.$executeRaw`DELETE FROM pgboss.job`;
    await tick();
    await deliver();
    expect(estate.engines.mail.sent).toHaveLength(0);
    database.clock.advance(21_000);
    await tick();
    const [id] = (await database.db.alertDelivery.findMany({ where: { kind: "smtp" } })).map((each) => each.id);
    // As it stands after a runner that took it and died.
    const until = new Date(database.clock.now().getTime() + 60_000);
    await database.db.alertDelivery.update({ where: { id: id ?? "" }, data: { attempts: 1, nextTryAt: until } });
    await deliver();
    expect(estate.engines.mail.sent).toHaveLength(0);
    database.clock.advance(61_000);
    await tick();
    await deliver();
    expect(estate.engines.mail.sent).toHaveLength(1);
  });

  test("is sent once, by however many runners at once", async () => {
    await addRun("failed");
    await tick();
    const ids = (await database.db.alertDelivery.findMany()).map((each) => each.id);
    await Promise.all(
      [...ids, ...ids, ...ids].map((deliveryId) => deliverAlert(runner(), { deliveryId, consoleUrl: null })),
    );
    expect(estate.engines.mail.sent).toHaveLength(1);
    expect(estate.engines.hook.received).toHaveLength(1);
  });

  test("of a runner that stops is left to the next one at once", async () => {
    await addRun("failed");
    await tick();
    const stopped = { ...runner(), signal: AbortSignal.abort() };
    const [delivery] = await database.db.alertDelivery.findMany({ where: { kind: "smtp" } });
    await deliverAlert(stopped, { deliveryId: delivery?.id ?? "", consoleUrl: null });
    expect(await mailOf()).toMatchObject({ state: "pending" });
    await tick();
    await deliver();
    expect(await mailOf()).toMatchObject({ state: "delivered" });
  });

  test("goes to the project's contact when nobody else is named, and nobody without a channel", async () => {
    await declare({ channels: { mail: { kind: "smtp", url: "smtp://127.0.0.1" } } });
    await addRun("failed");
    await tick();
    expect((await onlyAlert()).deliveries.map((each) => each.recipient)).toEqual([OPS]);
    await declare({ channels: {} });
    expect((await listAlerts(database.ctx(VIEWER))).channels).toEqual([]);
  });

  test("over a channel that is no longer declared is undelivered", async () => {
    await addRun("failed");
    await tick();
    await declare({ channels: { hook: CHANNELS.hook } });
    await deliver();
    expect(await mailOf()).toMatchObject({ state: "undelivered", lastAnswer: 'channel "mail" does not exist' });
  });
});

describe("testChannel", () => {
  const tested = async (channel: string) => {
    const { deliveryIds } = await testChannel(database.ctx(OPERATOR), { channel });
    await tick();
    await deliver();
    return listDeliveries(database.ctx(OPERATOR), { ids: deliveryIds });
  };

  test("sends one message that says it is a test, and leaves its events", async () => {
    expect(await tested("mail")).toMatchObject([{ recipient: OPS, state: "delivered", lastAnswer: "250 accepted" }]);
    expect(estate.engines.mail.sent).toMatchObject([{ to: OPS, subject: expect.stringContaining("test") as string }]);
    expect(await tested("hook")).toMatchObject([{ state: "delivered" }]);
    expect(JSON.parse(estate.engines.hook.received[0]?.body ?? "{}")).toMatchObject({ event: "alert.test" });
    expect(await alerts()).toEqual([]);
    expect(await estate.auditSince()).toEqual(expect.arrayContaining(["channel.tested", "alert.delivered"]));
  });

  test("is tried once: whoever asks wants the answer now", async () => {
    estate.engines.mail.isAway = true;
    expect(await tested("mail")).toMatchObject([{ state: "undelivered", attempts: 1 }]);
  });

  test("is refused for a channel that is not declared, and to viewers", async () => {
    await expect(testChannel(database.ctx(OPERATOR), { channel: "pager" })).rejects.toThrow(NotFoundError);
    await expect(testChannel(database.ctx(VIEWER), { channel: "mail" })).rejects.toThrow(ForbiddenError);
  });
});
