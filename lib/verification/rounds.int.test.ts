import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  ADMINISTRATOR,
  OPERATOR,
  type TestDatabase,
  VIEWER,
  openTestDatabase,
  systemActor,
} from "@/lib/db/test-database";
import { declareEstate, watchAudit } from "@/lib/db/test-estate";
import { beginMemoryEstate, shipEverything, takeFull } from "@/lib/db/test-protection";
import type { MemoryEngines } from "@/lib/engines/memory-engines";
import { MEMORY_IDENTITY } from "@/lib/engines/envelope/memory/engine";
import { openMemoryStore } from "@/lib/engines/object-store/memory/engine";
import type { FaultyStore } from "@/lib/engines/object-store/memory/faulty";
import type { Practice } from "@/lib/engines/ports";
import { claimSlots } from "@/lib/backups";
import { ConflictError, ForbiddenError, NotFoundError } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { repositoryKeys } from "@/lib/repositories";
import { getRun, performRun } from "@/lib/runs";
import type { RunDetail } from "@/lib/runs/schemas";
import {
  assignFinding,
  claimVerifications,
  closeFinding,
  getVerifier,
  listFindings,
  listVerifications,
  openFinding,
  planVerification,
  startSelfTest,
  startVerification,
} from ".";

let database: TestDatabase;
let engines: MemoryEngines;
let stores: Record<"primary" | "secondary", FaultyStore>;
let backupId: string;
const signal = new AbortController().signal;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.db.configuration.deleteMany();
  ({ engines, stores } = await beginMemoryEstate(database));
  engines.mariadb.server.write("order 1");
  engines.mariadb.server.beat(1n);
  await shipEverything(database, engines);
  backupId = await takeFull(database, engines);
  engines.mariadb.server.beat(2n);
  await shipEverything(database, engines);
});

const viewer = () => database.ctx(VIEWER);
const claim = () => claimVerifications(database.ctx(systemActor("runner")));
const perform = async (runId: string): Promise<RunDetail> => {
  await performRun(database.jobCtx(engines), runId, planVerification);
  return getRun(viewer(), { id: runId });
};
const findings = async () => (await listFindings(viewer())).findings;
const verdicts = async () =>
  (await listVerifications(viewer())).verifications.map((each) => `${each.level} ${each.repository} ${each.verdict}`);

/** The daily round of the next night. */
async function nightly(): Promise<RunDetail> {
  database.clock.set("2026-11-24T04:00:05Z");
  const { started } = await claim();
  expect(started).toHaveLength(1);
  return perform(started[0] ?? "");
}

describe("the daily round", () => {
  test("reads the newest back from each repository, looks for every copy and restores a backup", async () => {
    const run = await nightly();
    expect(run).toMatchObject({ state: "succeeded", reason: "scheduled for 2026-11-24T04:00:00.000Z" });
    expect(run.steps.map((step) => step.key)).toEqual([
      "object-primary",
      "object-secondary",
      "copies",
      "restore",
      "judge",
    ]);
    expect((await verdicts()).toSorted()).toEqual([
      "object primary pass",
      "object secondary pass",
      expect.stringMatching(/^restore \w+ pass$/),
    ]);
    expect(await findings()).toEqual([]);
    expect([...engines.mariadb.machine.scratches.keys()]).toEqual([]);
  });

  test("goes on after a part that found something, and fails in the end; its slot with it", async () => {
    const key = `${repositoryKeys.backupPrefix("database", backupId)}dump.sql.zst.age`;
    await stores.primary.inner.delete(key, { signal });
    const run = await nightly();
    expect(run).toMatchObject({ state: "failed", error: { code: "DAMAGED" } });
    expect(run.steps.filter((step) => step.state === "succeeded")).toHaveLength(4);
    expect((await verdicts()).slice(1)).toEqual(["object secondary pass", "object primary backup-bad"]);
    const copies = await database.db.backupCopy.findMany({ include: { repository: true } });
    expect(Object.fromEntries(copies.map((copy) => [copy.repository.name, copy.state]))).toEqual({
      primary: "missing",
      secondary: "present",
    });
    const open = await findings();
    expect(open.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["verdict", "copy"]));
    expect(open[0]).toMatchObject({ system: "database", owner: "ops-team@example.com", isOverdue: false });
    await claimSlots(database.ctx(systemActor("runner")));
    const slot = await database.db.slot.findFirst({ where: { type: "verification-daily" } });
    expect(slot).toMatchObject({ state: "failed", runId: run.id });
  });

  test("does not miss a copy that retention has let go of", async () => {
    const prefix = repositoryKeys.backupPrefix("database", backupId);
    const copy = await database.db.backupCopy.findFirstOrThrow({ where: { repository: { name: "secondary" } } });
    const { backupId: id, repositoryId } = copy;
    await database.db.backupCopy.update({
      where: { backupId_repositoryId: { backupId: id, repositoryId } },
      data: { state: "expired" },
    });
    for (const name of ["manifest.json", "manifest.json.sig", "dump.sql.zst.age"]) {
      await stores.secondary.inner.delete(`${prefix}${name}`, { signal });
    }
    await nightly();
    expect((await findings()).filter(({ kind }) => kind === "copy")).toEqual([]);
    expect(await database.db.backupCopy.count({ where: { state: "expired" } })).toBe(1);
    expect(await database.db.backup.findUniqueOrThrow({ where: { id } })).toMatchObject({ state: "complete" });
  });

  test("says nothing of copies in a store that is away", async () => {
    for (const store of Object.values(stores)) store.fail("the site is down");
    const run = await nightly();
    expect(run).toMatchObject({ state: "failed", error: { code: "PRECONDITION" } });
    expect(new Set((await verdicts()).map((each) => each.split(" ").at(-1)))).toEqual(new Set(["environment-failed"]));
    expect(await database.db.backupCopy.count({ where: { state: "present" } })).toBe(2);
  });

  test("is claimed once by however many runners, and not at all where it is switched off", async () => {
    database.clock.set("2026-11-24T04:00:05Z");
    const claims = await Promise.all([claim(), claim(), claim()]);
    expect(claims.flatMap(({ started }) => started)).toHaveLength(1);
    await declareEstate(database, (estate) => {
      Object.assign(estate.systems.database.verify, { daily: "off" });
    });
    database.clock.set("2026-11-25T04:00:05Z");
    expect(await claim()).toEqual({ started: [] });
  });
});

describe("the weekly round", () => {
  test("goes to the highest declared level, after the verifier's own test was claimed", async () => {
    database.clock.set("2026-11-29T05:00:05Z");
    const { started } = await claim();
    // Daily and weekly of the system, and the test.
    expect(started).toHaveLength(3);
    expect(await claim()).toEqual({ started: [] });
    const runs = await Promise.all(started.map((id) => getRun(viewer(), { id })));
    const weekly = runs.find((run) => run.parameters["cadence"] === "weekly");
    const done = await perform(weekly?.id ?? "");
    expect(done).toMatchObject({ state: "succeeded" });
    expect(await verdicts()).toEqual([expect.stringMatching(/^replay \w+ pass$/)]);
    expect(await database.db.verifierTest.count({ where: { dueAt: new Date("2026-11-29T03:30:00Z") } })).toBe(1);
  });
});

describe("level application", () => {
  const declareApplication = () =>
    declareEstate(database, (estate) => {
      Object.assign(estate.systems.database.verify.application, {
        start: ["serve", "{{applicationPort}}", "{{password}}"],
        environment: { DSN: "mysql://{{user}}@{{host}}:{{port}}/shop" },
      });
    });
  const verify = async () => {
    const { runId } = await startVerification(database.ctx(OPERATOR), { system: "database", level: "application" });
    return perform(runId);
  };

  test("starts the application beside everything else, asks it on a port of its own, and ends it", async () => {
    await declareApplication();
    const ask = vi.spyOn(engines.probe, "ask");
    expect(await verify()).toMatchObject({ state: "succeeded", result: { verdict: "pass", level: "application" } });
    const [started] = engines.applications.started;
    expect(started).toMatchObject({ argv: ["serve", "4100", ""], isStopped: true });
    expect(started?.environment).toMatchObject({
      PORT: "4100",
      HOLDFAST_COPY_USER: "root",
      DSN: "mysql://root@127.0.0.1:4000/shop",
    });
    // The declared host may be production: only its path is asked.
    expect(ask.mock.calls.map(([check]) => `${check.method} ${check.url}`)).toEqual([
      "POST http://127.0.0.1:4100/orders",
    ]);
  });

  test("is backup-bad when it answers otherwise, and environment-failed when it does not come up", async () => {
    await declareApplication();
    vi.spyOn(engines.probe, "ask").mockResolvedValue({ status: 500, ok: false, durationMs: 1 });
    expect((await verify()).error?.message).toContain("with status 500, not 201");
    engines.applications.endsWith = "cannot find module";
    expect((await verify()).error?.message).toContain("cannot find module");
    expect((await verdicts()).map((each) => each.split(" ").at(-1))).toEqual(["environment-failed", "backup-bad"]);
    expect(engines.applications.started.every(({ isStopped }) => isStopped)).toBe(true);
  });
});

describe("what the last runs let expect", () => {
  test("is a finding where it is exceeded, and not a verdict; new losses as well", async () => {
    for (let count = 0; count < 3; count += 1) {
      database.clock.advance(60_000);
      await takeFull(database, engines);
    }
    for (let count = 0; count < 400; count += 1) engines.mariadb.server.write(`order ${count} of a rush`);
    engines.mariadb.server.hazards.push({
      id: "float-column",
      effect: "lossy",
      object: "shop.prices",
      message: "floats come back rounded",
      hint: "?",
    });
    database.clock.advance(60_000);
    await takeFull(database, engines);
    const { runId } = await startVerification(database.ctx(OPERATOR), { system: "database", level: "object" });
    expect(await perform(runId)).toMatchObject({ state: "succeeded" });
    expect((await findings()).map(({ kind }) => kind).toSorted()).toEqual(["lossy", "rows", "size"]);
  });
});

describe("a finding", () => {
  const open = () =>
    openFinding(database.ctx(OPERATOR), { system: "database", title: "The copy is slow", owner: "dba@example.com" });

  test("is opened, assigned and closed by persons, each with its event", async () => {
    const since = await watchAudit(database);
    const { id } = await open();
    const assigned = await assignFinding(database.ctx(OPERATOR), {
      id,
      owner: "ops@example.com",
      dueAt: "2026-11-24T00:00:00Z",
    });
    expect(assigned).toMatchObject({ owner: "ops@example.com", dueAt: "2026-11-24T00:00:00.000Z", isOverdue: false });
    database.clock.set("2026-11-25T00:00:00Z");
    expect(await findings()).toMatchObject([{ id, isOverdue: true }]);
    expect(await closeFinding(database.ctx(ADMINISTRATOR), { id, note: "a faster disk" })).toMatchObject({
      closedBy: "administrator@example.com",
      note: "a faster disk",
    });
    expect(await findings()).toEqual([]);
    expect(await since()).toEqual(["finding.opened", "finding.assigned", "finding.closed"]);
  });

  test("that is closed stays as it is", async () => {
    const { id } = await open();
    await closeFinding(database.ctx(OPERATOR), { id, note: "done" });
    await expect(closeFinding(database.ctx(OPERATOR), { id, note: "again" })).rejects.toThrow(ConflictError);
    await expect(assignFinding(database.ctx(OPERATOR), { id, owner: "x" })).rejects.toThrow(ConflictError);
  });

  test("needs the right, a note, and to be there", async () => {
    const { id } = await open();
    await expect(closeFinding(viewer(), { id, note: "?" })).rejects.toThrow(ForbiddenError);
    await expect(closeFinding(database.ctx(OPERATOR), { id, note: " " })).rejects.toThrow(/expected a note/);
    await expect(closeFinding(database.ctx(OPERATOR), { id: newId(), note: "?" })).rejects.toThrow(NotFoundError);
    await expect(openFinding(database.ctx(OPERATOR), { system: "nothing", title: "?" })).rejects.toThrow(NotFoundError);
  });

  test("that is found again is counted, and after it was closed is a new one", async () => {
    for (const store of Object.values(stores)) store.fail("the site is down");
    const again = async () => perform((await startVerification(database.ctx(OPERATOR), { system: "database" })).runId);
    await again();
    await again();
    const [finding] = await findings();
    expect(finding).toMatchObject({ kind: "verdict", times: 2 });
    await closeFinding(database.ctx(OPERATOR), { id: finding?.id ?? "", note: "the site is back" });
    await again();
    expect(await findings()).toMatchObject([{ times: 1 }]);
  });
});

describe("the verifier's own test", () => {
  /** Its broken dumps are whole: a verifier that lets them pass cannot be told from one that does not look. */
  async function unbroken(): Promise<Practice> {
    const facts = {
      position: engines.mariadb.server.position,
      endPosition: engines.mariadb.server.position,
      tables: [],
      ...{ views: 0, triggers: 0, routines: 0, events: 0, sequences: 0 },
    };
    const settings = (await engines.mariadb.inspect()).settings;
    const sql = Buffer.from("");
    engines.files.trees.set("/memory/whole", { a: "1", b: "2" }).set("/memory/short", { a: "1" });
    const dump = { sql, facts };
    return {
      sample: {
        engine: engines.mariadb,
        serverId: "1",
        settings,
        schemas: [],
        users: Buffer.from("-- users"),
        whole: dump,
        earlier: dump,
        broken: {
          "no-footer": sql,
          "no-rows": sql,
          "table-missing": sql,
          "triggers-missing": sql,
          "other-character-set": sql,
        },
        log: Buffer.from("[]"),
        otherLog: Buffer.from("[]"),
      },
      trees: {
        whole: { root: "/memory/whole", include: [], exclude: [] },
        short: { root: "/memory/short", include: [], exclude: [] },
      },
      store: openMemoryStore(),
      identityFile: MEMORY_IDENTITY,
      recipient: "age1ours",
      foreignRecipient: "age1other",
      remove: () => Promise.resolve(),
    };
  }
  const selfTest = async () => perform((await startSelfTest(database.ctx(OPERATOR))).runId);

  test("that cannot be carried out leaves it unknown, with a finding, and never green", async () => {
    expect(await selfTest()).toMatchObject({ state: "failed" });
    expect(await getVerifier(viewer())).toMatchObject({ state: "failed", plants: [] });
    expect(await findings()).toMatchObject([{ system: null, kind: "self-test" }]);
  });

  test("in which a broken backup passes says that the verifier is broken, until one passes", async () => {
    vi.spyOn(engines.mariadb, "checkTables").mockResolvedValue({ checked: 4, broken: [] });
    engines.makePractice = unbroken;
    const run = await selfTest();
    expect(run).toMatchObject({ state: "failed" });
    const verifier = await getVerifier(viewer());
    expect({ error: run.error?.message, state: verifier.state }).toMatchObject({ state: "broken" });
    expect(verifier.plants.find(({ plant }) => plant === "no-footer")).toMatchObject({
      levels: { object: "missed" },
      caughtAt: null,
      isRight: false,
    });
    expect(await findings()).toMatchObject([{ kind: "self-test", title: "The verifier does not see broken backups" }]);
  });

  test("needs the right to start one", async () => {
    await expect(startSelfTest(viewer())).rejects.toThrow(ForbiddenError);
  });
});
