import { describe, expect, test } from "vitest";
import { makePlan } from "./make-plan";
import {
  type BackupFact,
  type Plan,
  type Removal,
  type SystemFacts,
  CAP,
  findCapTrouble,
  findClockTrouble,
  findSizeAnomalies,
} from "./model";

const now = new Date("2026-11-23T10:00:00Z");
const later = (ms: number) => new Date(now.getTime() + ms);
const day = (days: number) => later(-days * 86_400_000);

const full = (id: string, startedAt: Date, change: Partial<BackupFact> = {}): BackupFact => ({
  id,
  type: "full",
  method: "logical",
  parentId: null,
  state: "complete",
  startedAt,
  endedAt: startedAt,
  sizeBytes: 100,
  isRunOpen: false,
  serverId: "1",
  incarnation: "a",
  position: { file: "binlog.000001" },
  copies: [{ repositoryId: "p", state: "present", sizeBytes: 100, lockedUntil: null, provenAt: startedAt }],
  ...change,
});
const log = (number: number, settledAt: Date) => ({
  repositoryId: "p",
  serverId: "1",
  incarnation: "a",
  file: `binlog.${String(number).padStart(6, "0")}`,
  isClosed: true,
  isCompacted: true,
  settledAt,
  sizeBytes: 1,
  lockedUntil: null,
  isExpiring: false,
});
const facts = (change: Partial<SystemFacts>): SystemFacts => ({
  now,
  system: "database",
  repositories: [{ id: "p", name: "primary" }],
  retain: { full: 30 * 86_400, incremental: 7 * 86_400, log: 86_400 },
  keepProven: 1,
  backups: [],
  logs: [],
  freezes: [],
  currentLog: { serverId: "1", incarnation: "a" },
  ...change,
});

describe("a plan", () => {
  const goes = (given: SystemFacts) => makePlan(given).removals.map((removal) => removal.subject);

  test("keeps the newest proven full when no backup was taken for 90 days, and says why", () => {
    const given = facts({ backups: [full("old", day(95)), full("proven", day(90))] });
    expect(goes(given)).toEqual(["old"]);
    expect(makePlan(given).kept).toMatchObject([
      { subject: "proven", reason: "one of the newest 1 proven fulls here" },
    ]);
  });

  test("takes no full of a repository in which fewer than N are proven", () => {
    const unproven = [
      { repositoryId: "p", state: "present" as const, sizeBytes: 1, lockedUntil: null, provenAt: null },
    ];
    const given = facts({
      keepProven: 2,
      backups: [full("a", day(60)), full("b", day(50), { copies: unproven }), full("c", day(40), { copies: unproven })],
    });
    expect(goes(given)).toEqual([]);
    expect(makePlan(given).kept.map(({ reason }) => reason)).toContain("only 1 of 2 fulls are proven here");
  });

  test("keeps the log that an increment is made of, though no proven full needs it", () => {
    const positions = { position: { file: "binlog.000009" } };
    const increment = full("i", day(5), { type: "incremental", parentId: "base", ...positions });
    const backups = [full("base", day(20), { position: { file: "binlog.000002" } }), full("new", day(2), positions)];
    const logs = [1, 2, 3, 4].map((number) => log(number, day(20 - number)));
    expect(goes(facts({ backups: [...backups, increment], logs }))).toEqual(["1/a/binlog.000001"]);
    expect(goes(facts({ backups, logs }))).toHaveLength(4);
  });

  test("keeps what a proven increment of files continues, and the log since its full", () => {
    const link = (id: string, age: number, change: Partial<BackupFact> = {}) =>
      full(id, day(age), {
        ...(change.parentId ? { type: "incremental" } : {}),
        method: "physical",
        position: { file: `binlog.00000${9 - age / 10}` },
        ...change,
      });
    const unproven = [
      { repositoryId: "p", state: "present" as const, sizeBytes: 1, lockedUntil: null, provenAt: null },
    ];
    const backups = [
      link("base", 60),
      link("first", 50, { parentId: "base", copies: unproven }),
      link("second", 40, { parentId: "first" }),
      link("beside", 40, { parentId: "first", copies: unproven, startedAt: day(45), endedAt: day(45) }),
    ];
    const logs = [1, 2, 3, 4, 5].map((number) => log(number, day(70 - 10 * number)));
    expect(goes(facts({ backups, logs }))).toEqual(["beside", "1/a/binlog.000001", "1/a/binlog.000002"]);
    // One that is made of the log holds its full as well.
    const ofLog = full("of-log", day(5), {
      type: "incremental",
      parentId: "base",
      method: "logical",
      copies: unproven,
    });
    const given = facts({ backups: [full("base", day(60)), ofLog, full("new", day(1))], logs: [log(1, day(50))] });
    expect(goes(given)).toEqual([]);
  });

  test("waits for a lock, and takes the full only when its increment goes as well", () => {
    const until = later(86_400_000);
    const copies = [{ repositoryId: "p", state: "present" as const, sizeBytes: 1, lockedUntil: until, provenAt: null }];
    const backups = [
      full("base", day(60)),
      full("i", day(59), { type: "incremental", parentId: "base", copies }),
      full("new", day(1)),
    ];
    expect(makePlan(facts({ backups })).removals.map(({ subject, at }) => [subject, at])).toEqual([
      ["i", until],
      ["base", until],
    ]);
  });
});

describe("the clock", () => {
  const trouble = (change: Partial<Parameters<typeof findClockTrouble>[0]>) =>
    findClockTrouble({ now, database: now, newestBackupAt: day(1), ...change });

  test("is trusted when all agree within minutes", () => {
    expect(trouble({ database: later(240_000), store: later(-240_000) })).toBeNull();
    expect(trouble({ newestBackupAt: null })).toBeNull();
  });

  test.each([
    ["the newest backup lies in the future", { newestBackupAt: later(3_600_000) }, "lies in the future"],
    ["the database's time is another", { database: later(-3_600_000) }, "in the console's database"],
    ["the store's time is another", { store: later(3_600_000) }, "in the repository"],
  ])("is not trusted when %s", (_, change, message) => {
    expect(trouble(change)).toContain(message);
  });
});

describe("the cap", () => {
  const removal = (kind: Removal["kind"], index: number): Removal => ({
    kind,
    repositoryId: "p",
    subject: `${index}`,
    reason: "old",
    at: now,
    sizeBytes: 1,
  });
  const many = (kind: Removal["kind"], count: number) =>
    Array.from({ length: count }, (_, index) => removal(kind, index));
  const plan = (backups: number): Plan => ({
    removals: [],
    kept: [],
    freezes: [],
    repositories: [{ id: "p", name: "primary", backups, provenFulls: backups }],
  });

  test.each([
    { title: "three of four backups", due: many("backup", CAP.alwaysAllowed), backups: 4, trouble: null },
    { title: "a quarter", due: many("backup", 10), backups: 40, trouble: null },
    { title: "more than a quarter", due: many("backup", 11), backups: 40, trouble: "a quarter" },
    { title: "more than fifty", due: many("backup", 51), backups: 400, trouble: "51 copies" },
    { title: "many logs", due: many("log", CAP.logs + 1), backups: 4, trouble: "logs" },
  ])("of $title", ({ due, backups, trouble }) => {
    const found = findCapTrouble(plan(backups), due);
    if (trouble === null) expect(found).toBeNull();
    else expect(found).toContain(trouble);
  });
});

describe("backups of logs among files", () => {
  const logBackup = (id: string, startedAt: Date) => full(id, startedAt, { type: "log", method: "append" });

  test("go after their day, a whole day of them at once, and stay from the oldest full that stays on", () => {
    const hours = Array.from({ length: 96 }, (_, index) =>
      logBackup(`old-${index}`, later(-(60 + index / 4) * 3_600_000)),
    );
    const backups = [full("f", day(2)), logBackup("needed", later(-47 * 3_600_000)), ...hours];
    const plan = makePlan(facts({ backups }));
    expect(plan.removals).toHaveLength(96);
    expect(plan.kept.map(({ subject }) => subject)).toContain("needed");
    expect(plan.repositories).toMatchObject([{ backups: 1 }]);
    expect(findCapTrouble(plan, plan.removals)).toBeNull();
  });
});

describe("sizes", () => {
  const sizes = (...values: number[]) =>
    findSizeAnomalies(values.map((sizeBytes, index) => full(`${index}`, day(30 - index), { sizeBytes }))).map(
      ({ cause }) => cause,
    );

  test.each([
    ["that grow slowly are usual", [100, 110, 120, 130, 140], []],
    ["of too short a history say nothing", [100, 10, 100], []],
    ["that fall by half are not", [100, 100, 100, 50], ["size:3"]],
    ["that stay where they fell are said once", [100, 100, 100, 50, 50, 51], ["size:3"]],
    ["that leap are not", [100, 100, 100, 300], ["size:3"]],
  ])("%s", (_, values, causes) => {
    expect(sizes(...values)).toEqual(causes);
  });

  test("are those of one method: another one's have a size of their own", () => {
    const dumps = [30, 29, 28, 27].map((age) => full(`d${age}`, day(age)));
    const copies = [20, 19, 18, 17].map((age) => full(`f${age}`, day(age), { method: "physical", sizeBytes: 900 }));
    const odd = full("odd", day(1), { method: "physical", sizeBytes: 100 });
    expect(findSizeAnomalies([...dumps, ...copies, odd]).map(({ cause }) => cause)).toEqual(["size:odd"]);
  });
});
