import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { OPERATOR, type TestDatabase, VIEWER, openTestDatabase, systemActor } from "@/lib/db/test-database";
import { declareEstate, watchAudit } from "@/lib/db/test-estate";
import { beginMemoryEstate, shipEverything, takeFull } from "@/lib/db/test-protection";
import type { MemoryEngines } from "@/lib/engines/memory-engines";
import type { FaultyStore } from "@/lib/engines/object-store/memory/faulty";
import { ConflictError, ForbiddenError, PreconditionError, RefusedError } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { systemNow } from "@/lib/kernel/time";
import { repositoryKeys } from "@/lib/repositories";
import { getRun, performRun } from "@/lib/runs";
import type { RunDetail } from "@/lib/runs/schemas";
import { applyDueRetention, applyRetention, liftFreezes, planRetention, planRetentionRun } from ".";
import type { RetentionPlan } from "./schemas";

const DAY_MS = 86_400_000;
const signal = new AbortController().signal;

let database: TestDatabase;
let systemId: string;
let engines: MemoryEngines;
let stores: Record<"primary" | "secondary", FaultyStore>;
/** Oldest first: 60, 50, 40, 30 and 2 days old. */
let fulls: string[];
let auditSince: () => Promise<string[]>;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** Five fulls, each with a log file of its own behind it, all proven in both repositories. */
async function beginHistory(): Promise<void> {
  vi.restoreAllMocks();
  ({ systemId, engines, stores } = await beginMemoryEstate(database));
  // The console's database has a clock of its own: what is applied is applied now.
  const now = systemNow();
  fulls = [];
  for (const [index, days] of [60, 50, 40, 30, 2].entries()) {
    database.clock.set(new Date(now.getTime() - days * DAY_MS).toISOString());
    engines.mariadb.server.write(`order ${index}`);
    engines.mariadb.server.beat(BigInt(index + 1));
    await shipEverything(database, engines);
    fulls.push(await takeFull(database, engines));
    engines.mariadb.server.rotate();
  }
  engines.mariadb.server.beat(9n);
  database.clock.set(now.toISOString());
  await shipEverything(database, engines);
}

/** Forgets what a test that deleted nothing did to the history. */
async function beginGuard(): Promise<void> {
  vi.restoreAllMocks();
  database.clock.set(systemNow().toISOString());
  await declareEstate(database, (estate) => Object.assign(estate, { retention: { keepProven: 2 } }));
  await database.db.$executeRaw`TRUNCATE retention_lifts, retention_days, log_gaps, verifications`;
  await database.db.$executeRaw`UPDATE runs SET state = 'aborted', ended_at = now() WHERE ended_at IS NULL`;
  for (const id of fulls) for (const repository of ["primary", "secondary"]) await judge(id, repository, "pass");
  auditSince = await watchAudit(database);
}

async function judge(backupId: string, repositoryName: string, verdict: "pass" | "backup-bad"): Promise<void> {
  const at = database.clock.now();
  await database.db.verification.create({
    data: { id: newId(), systemId, backupId, repositoryName, level: "restore", verdict, at },
  });
}

async function plan(): Promise<RetentionPlan> {
  const { plans } = await planRetention(database.ctx(VIEWER), { system: "database" });
  expect(plans).toHaveLength(1);
  return plans[0] as RetentionPlan;
}

async function perform(runId: string, stopping = signal): Promise<RunDetail> {
  await performRun(database.jobCtx(engines, stopping), runId, (_, run) => Promise.resolve(planRetentionRun(run)));
  return getRun(database.ctx(VIEWER), { id: runId });
}

const request = async () => ({ system: "database", plan: (await plan()).plan });
const apply = async () => perform((await applyRetention(database.ctx(), await request())).runId);

const manifestOf = (id: string) => repositoryKeys.manifestKey("database", id);
const keysOf = async (repository: "primary" | "secondary", prefix = "systems/") => {
  const keys: string[] = [];
  for await (const object of stores[repository].inner.list(prefix, { signal })) keys.push(object.key);
  return keys;
};
const stateOf = async (id: string) => {
  const row = await database.db.backup.findUniqueOrThrow({
    where: { id },
    include: { copies: { include: { repository: true }, orderBy: { repository: { name: "asc" } } } },
  });
  return [row.state, ...row.copies.map((copy) => copy.state)];
};

describe("an apply", () => {
  beforeEach(beginHistory);
  beforeEach(beginGuard);

  test("deletes exactly what the plan showed, and keeps the rest of both repositories to the byte", async () => {
    const shown = await plan();
    expect(shown.removals.map(({ kind, repository, subject }) => [kind, repository, subject])).toEqual(
      ["primary", "secondary"].flatMap((repository) => [
        ["backup", repository, fulls[2]],
        ["backup", repository, fulls[1]],
        ["backup", repository, fulls[0]],
        ...[1, 2, 3].map((file) => ["log", repository, expect.stringContaining(`.00000${file}`)]),
      ]),
    );
    expect(shown.kept).toMatchObject([
      { repository: "primary", subject: fulls[3], reason: "one of the newest 2 proven fulls here" },
      { repository: "primary", kind: "log", reason: "a full that stays needs it" },
      { repository: "secondary", subject: fulls[3] },
      { repository: "secondary", kind: "log" },
    ]);
    const before = { primary: await keysOf("primary"), secondary: await keysOf("secondary") };
    const run = await apply();
    expect(run).toMatchObject({ state: "succeeded", result: { deleted: 12, left: 0 } });
    const isTaken = (key: string) =>
      fulls.slice(0, 3).some((id) => key.includes(id)) || /log\/.*\.00000[123](\.|$)/.test(key);
    expect(before.primary.filter(isTaken).length).toBeGreaterThan(12);
    for (const name of ["primary", "secondary"] as const) {
      expect(await keysOf(name)).toEqual(before[name].filter((key) => !isTaken(key)));
    }
    expect(await plan()).toMatchObject({ removals: [], dueCount: 0 });
    await expectExpired();
  });

  test("broken off in the middle is carried on by the next runner; what was begun counts as no backup", async () => {
    const { runId } = await applyRetention(database.ctx(), await request());
    const stopping = new AbortController();
    let deletions = 0;
    stores.primary.before = (operation) => {
      if (operation === "delete" && (deletions += 1) === 3) stopping.abort();
    };
    await expect(perform(runId, stopping.signal)).rejects.toThrow();
    stores.primary.before = () => undefined;
    // Manifest and signature are gone, the data is not.
    const left = await keysOf("primary", repositoryKeys.backupPrefix("database", fulls[2] ?? ""));
    expect(left.length).toBeGreaterThan(0);
    expect(left).not.toContain(manifestOf(fulls[2] ?? ""));
    expect(await stateOf(fulls[2] ?? "")).toEqual(["complete", "expiring", "present"]);
    const run = await perform(runId);
    expect(run).toMatchObject({ state: "succeeded", attempts: 2 });
    expect(await keysOf("primary", repositoryKeys.backupPrefix("database", fulls[2] ?? ""))).toEqual([]);
    expect(await stateOf(fulls[2] ?? "")).toEqual(["expired", "expired", "expired"]);
    expect(await plan()).toMatchObject({ removals: [] });
  });

  test("whose run is given up leaves a next plan that names what was begun", async () => {
    const { runId } = await applyRetention(database.ctx(), await request());
    let deletions = 0;
    stores.primary.before = (operation) => {
      if (operation === "delete" && (deletions += 1) > 2) stores.primary.fail("gone");
    };
    expect(await perform(runId)).toMatchObject({ state: "failed", error: { code: "ENGINE" } });
    stores.primary.fail(null);
    expect((await plan()).removals[0]).toMatchObject({
      kind: "leftover",
      subject: fulls[2],
      reason: "its deletion was begun and did not end",
    });
    expect(await apply()).toMatchObject({ state: "succeeded" });
    expect(await stateOf(fulls[2] ?? "")).toEqual(["expired", "expired", "expired"]);
  });

  test("with one repository away carries out the rest of the plan in the other, and says that it failed", async () => {
    const { runId } = await applyRetention(database.ctx(), await request());
    stores.primary.fail("unplugged");
    const run = await perform(runId);
    expect(run).toMatchObject({ state: "failed" });
    expect(run.error?.message).toContain('repository "primary" kept what the plan takes');
    expect(await stateOf(fulls[0] ?? "")).toEqual(["complete", "present", "expired"]);
    stores.primary.fail(null);
    expect(new Set((await plan()).removals.map((removal) => removal.repository))).toEqual(new Set(["primary"]));
    expect(await apply()).toMatchObject({ state: "succeeded" });
    expect(await stateOf(fulls[0] ?? "")).toEqual(["expired", "expired", "expired"]);
  });

  test("leaves what the store locks, whole, and plans it for when the lock ends", async () => {
    const until = new Date(database.clock.now().getTime() + 5 * DAY_MS);
    const head = stores.primary.head.bind(stores.primary);
    vi.spyOn(stores.primary, "head").mockImplementation(async (key, options) => {
      const found = await head(key, options);
      return found && key.includes(fulls[1] ?? "") && key.includes("dump") ? { ...found, lockedUntil: until } : found;
    });
    expect(await apply()).toMatchObject({ state: "succeeded", result: { left: 1 } });
    expect(await keysOf("primary")).toContain(manifestOf(fulls[1] ?? ""));
    expect(await stateOf(fulls[1] ?? "")).toEqual(["complete", "present", "expired"]);
    const locked = (await plan()).removals.find((removal) => removal.subject === fulls[1]);
    expect(locked).toMatchObject({ isDue: false, notBefore: until.toISOString() });
  });

  test("removes what a failed backup left, once it is a day old, but not where a manifest says that it exists", async () => {
    const before = engines.mariadb.server;
    before.dumpError = new Error("cut");
    database.clock.advance(-2 * DAY_MS);
    await expect(takeFull(database, engines)).rejects.toThrow();
    database.clock.advance(2 * DAY_MS);
    const failed = await database.db.backup.findFirstOrThrow({ where: { state: "failed" } });
    const prefix = repositoryKeys.backupPrefix("database", failed.id);
    expect(await keysOf("primary", prefix)).not.toEqual([]);
    await stores.secondary.inner.put(manifestOf(failed.id), Buffer.from("{}"), { signal });
    ageObjects(prefix);
    const run = await apply();
    expect(run).toMatchObject({ state: "succeeded", result: { left: 1 } });
    expect(await keysOf("primary", prefix)).toEqual([]);
    expect(await keysOf("secondary", prefix)).toContain(manifestOf(failed.id));
    expect(await stateOf(failed.id)).toEqual(["failed", "expired", "missing"]);
  });
});

test("an increment that is made of logs goes by its manifest alone, and its logs by their own rule", async () => {
  await beginHistory();
  await beginGuard();
  const [, parent = ""] = fulls;
  const id = newId();
  const { serverId, incarnation, position, startedAt } = await database.db.backup.findUniqueOrThrow({
    where: { id: parent },
  });
  const repositories = await database.db.repository.findMany({ select: { id: true } });
  const log = (await keysOf("primary", "systems/database/log/"))[0] ?? "";
  const manifest = { type: "incremental", logs: [{ file: "binlog.000001", key: log }] };
  await database.db.backup.create({
    data: {
      id,
      systemId,
      type: "incremental",
      method: "logical",
      state: "complete",
      parentId: parent,
      startedAt,
      serverId,
      incarnation,
      position: position as object,
      manifest,
      copies: { create: repositories.map((each) => ({ repositoryId: each.id, state: "present" })) },
    },
  });
  for (const store of Object.values(stores)) {
    await store.inner.put(manifestOf(id), Buffer.from(JSON.stringify(manifest)), { signal });
  }
  await declareEstate(database, (estate) => {
    Object.assign(estate.systems.database.backup, { incremental: { retain: "90d", to: ["primary"] } });
    Object.assign(estate, { retention: { keepProven: 2 } });
  });
  const stays = await plan();
  expect(stays.kept).toContainEqual(expect.objectContaining({ subject: parent, reason: `backup ${id} needs it` }));
  expect(stays.removals.filter((each) => each.kind === "log").map((each) => each.title)).toEqual([
    "binlog.000001",
    "binlog.000001",
  ]);
  await declareEstate(database, (estate) => {
    Object.assign(estate.systems.database.backup, { incremental: { retain: "7d", to: ["primary"] } });
    Object.assign(estate, { retention: { keepProven: 2 } });
  });
  const { removals } = await plan();
  const order = removals.filter((each) => each.repository === "primary").map((each) => each.subject);
  expect(order.indexOf(id)).toBeLessThan(order.indexOf(parent));
  const others = async () => (await keysOf("primary")).filter((key) => key !== manifestOf(id));
  const before = await others();
  await database.db.backupCopy.updateMany({
    where: { backupId: { not: id } },
    data: { lockedUntil: new Date("2030-01-01") },
  });
  await database.db.logCoverage.updateMany({ data: { lockedUntil: new Date("2030-01-01") } });
  expect(await apply()).toMatchObject({ state: "succeeded", result: { deleted: 2 } });
  expect(await keysOf("primary")).toEqual(before);
});

/** Each backup stays in the catalogue with its reason, and each deletion is in the audit log. */
async function expectExpired(): Promise<void> {
  const row = await database.db.backup.findUniqueOrThrow({ where: { id: fulls[0] ?? "" } });
  expect(row).toMatchObject({ state: "expired", expiredReason: "older than 30d, the retain of type full" });
  expect(row.expiredAt).toEqual(database.clock.now());
  expect(await stateOf(fulls[3] ?? "")).toEqual(["complete", "present", "present"]);
  const actions = await auditSince();
  expect(actions.filter((action) => action === "backup.deleted")).toHaveLength(6);
  expect(actions.filter((action) => action === "log.deleted")).toHaveLength(6);
  const events = await database.db.auditEvent.findMany({
    where: { action: "backup.deleted", entityId: fulls[0] ?? "" },
    orderBy: { id: "asc" },
  });
  expect(events.map((event) => event.metadata)).toMatchObject(
    ["primary", "secondary"].map((repository) => ({ repository, reason: "older than 30d, the retain of type full" })),
  );
}

/** The memory store's objects are as old as the test: these are told to be older. */
function ageObjects(prefix: string): void {
  for (const store of Object.values(stores)) {
    const list = store.list.bind(store);
    vi.spyOn(store, "list").mockImplementation(async function* (wanted, options) {
      for await (const object of list(wanted, options)) {
        yield object.key.startsWith(prefix) ? { ...object, modifiedAt: new Date(0) } : object;
      }
    });
  }
}

describe("a guard", () => {
  beforeAll(beginHistory);
  beforeEach(beginGuard);

  const nothingDeleted = async () => {
    expect(await auditSince()).not.toContain("backup.deleted");
    for (const id of fulls) expect(await stateOf(id)).toEqual(["complete", "present", "present"]);
  };

  test("refuses a reader, and an operator: deleting is the administrator's", async () => {
    const input = await request();
    await expect(applyRetention(database.ctx(VIEWER), input)).rejects.toThrow(ForbiddenError);
    await expect(applyRetention(database.ctx(OPERATOR), input)).rejects.toThrow(ForbiddenError);
  });

  test("freezes the system after a failed proof until an operator lifts it with a reason", async () => {
    const input = await request();
    await judge(fulls[4] ?? "", "primary", "backup-bad");
    await expect(applyRetention(database.ctx(), input)).rejects.toThrow(/frozen: backup .* was found bad/);
    const { freezes, dueCount, removals } = await plan();
    expect(freezes).toMatchObject([{ kind: "failed-proof" }]);
    expect([dueCount, removals.length > 0]).toEqual([0, true]);
    const causes = freezes.map(({ cause }) => cause);
    await expect(
      liftFreezes(database.ctx(OPERATOR), { system: "database", causes, reason: "short" }),
    ).rejects.toThrow();
    await expect(
      liftFreezes(database.ctx(VIEWER), { system: "database", causes, reason: "disk was replaced" }),
    ).rejects.toThrow(ForbiddenError);
    const lift = { system: "database", causes, reason: "the disk was replaced" };
    expect(await liftFreezes(database.ctx(OPERATOR), lift)).toEqual({ lifted: 1, left: 0 });
    await expect(liftFreezes(database.ctx(OPERATOR), lift)).rejects.toThrow(ConflictError);
    expect(await auditSince()).toContain("retention.lifted");
    // The copy that was found bad proves nothing any more: the next one takes its place.
    expect((await plan()).removals.filter((each) => each.kind === "backup").map((each) => each.subject)).toEqual([
      fulls[1],
      fulls[0],
      fulls[2],
      fulls[1],
      fulls[0],
    ]);
    await nothingDeleted();
  });

  test("freezes the system after a gap, also while an apply is under way", async () => {
    const { runId } = await applyRetention(database.ctx(), await request());
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
    expect(await perform(runId)).toMatchObject({ state: "failed", error: { code: "REFUSED" } });
    await nothingDeleted();
  });

  test("refuses a plan when the catalogue changed in a way that matters, and carries it out when it did not", async () => {
    const shown = await request();
    await database.db.verification.deleteMany({ where: { backupId: fulls[4] ?? "", repositoryName: "primary" } });
    await expect(applyRetention(database.ctx(), shown)).rejects.toThrow("has changed since the plan was shown");
    const again = await request();
    engines.mariadb.server.beat(10n);
    database.clock.advance(60_000);
    await shipEverything(database, engines);
    await expect(applyRetention(database.ctx(), again)).resolves.toMatchObject({ runId: expect.any(String) });
    database.clock.advance(-60_000);
  });

  test("stops a run when something of its plan must stay by then", async () => {
    const { runId } = await applyRetention(database.ctx(), await request());
    await database.db.verification.deleteMany({ where: { backupId: fulls[3] ?? "" } });
    const run = await perform(runId);
    expect(run).toMatchObject({ state: "failed", error: { code: "REFUSED" } });
    expect(run.error?.message).toContain("must stay");
    await nothingDeleted();
  });

  test("refuses when the clock has jumped", async () => {
    database.clock.advance(90 * DAY_MS);
    const shown = await plan();
    expect(shown.clockTrouble).toContain("in the console's database");
    await expect(applyRetention(database.ctx(), { system: "database", plan: shown.plan })).rejects.toThrow(
      RefusedError,
    );
  });

  test.each(["primary", "secondary"] as const)("refuses when the own clock of the %s is another", async (name) => {
    const { runId } = await applyRetention(database.ctx(), await request());
    const inspect = stores[name].inspect.bind(stores[name]);
    vi.spyOn(stores[name], "inspect").mockImplementation(async (options) => ({
      ...(await inspect(options)),
      at: new Date(0),
    }));
    const run = await perform(runId);
    expect(run).toMatchObject({ state: "failed", error: { code: "REFUSED" } });
    await nothingDeleted();
  });

  test("refuses more than the cap until the phrase is typed with a reason, which the audit log keeps", async () => {
    await declareEstate(database, (estate) => {
      estate.systems.database.backup.full.retain = "1d";
      Object.assign(estate, { retention: { keepProven: 1 } });
    });
    const shown = await plan();
    expect(shown.cap).toMatchObject({ message: expect.stringContaining("4 of the 5 backups") });
    const input = { system: "database", plan: shown.plan };
    await expect(applyRetention(database.ctx(), input)).rejects.toThrow("too much at once");
    const reason = "retain was shortened on purpose";
    const wrong = { ...input, override: { phrase: "delete all", reason } };
    await expect(applyRetention(database.ctx(), wrong)).rejects.toThrow("too much at once");
    const override = { phrase: shown.cap?.phrase ?? "", reason };
    const { runId } = await applyRetention(database.ctx(), { ...input, override });
    expect(await getRun(database.ctx(VIEWER), { id: runId })).toMatchObject({ kind: "retention", reason });
    expect(await auditSince()).toEqual(expect.arrayContaining(["retention.requested", "retention.cap-overridden"]));
  });

  test("refuses a second apply, and one beside a run that works on the system", async () => {
    const input = await request();
    const both = await Promise.allSettled([1, 2].map(() => applyRetention(database.ctx(), input)));
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    await expect(applyRetention(database.ctx(), input)).rejects.toThrow(PreconditionError);
  });
});

describe("the schedule", () => {
  beforeAll(beginHistory);
  beforeEach(beginGuard);

  const tick = (dueHour = 0) => applyDueRetention(database.ctx(systemActor("scheduler")), dueHour);

  test("applies once a day, over any number of runners, and not before its hour", async () => {
    expect((await tick(24)).started).toEqual([]);
    const ticks = await Promise.all([tick(), tick(), tick()]);
    expect(ticks.flatMap(({ started }) => started)).toHaveLength(1);
    expect((await tick()).started).toEqual([]);
    expect((await plan()).lastDay).toMatchObject({
      outcome: "started",
      runId: ticks.flatMap(({ started }) => started)[0],
    });
  });

  test("tries again later in the day while a run works on the system", async () => {
    const { runId } = await applyRetention(database.ctx(), await request());
    expect((await tick()).started).toEqual([]);
    await database.db.run.update({ where: { id: runId }, data: { state: "aborted", endedAt: database.clock.now() } });
    expect((await tick()).started).toHaveLength(1);
  });

  test("says once a day why a guard refused, and starts nothing", async () => {
    await judge(fulls[4] ?? "", "primary", "backup-bad");
    expect([(await tick()).started, (await tick()).started]).toEqual([[], []]);
    expect((await auditSince()).filter((action) => action === "retention.refused")).toHaveLength(1);
  });

  test("does nothing where a person applies", async () => {
    await declareEstate(database, (estate) => Object.assign(estate, { retention: { apply: "manual" } }));
    expect((await tick()).started).toEqual([]);
    expect(await database.db.retentionDay.count()).toBe(0);
  });
});
