import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { honestSize } from "@/bench/size";
import { makePlan } from "./make-plan";
import {
  type BackupFact,
  type LogFact,
  type Removal,
  type SystemFacts,
  dueRemovals,
  logOrder,
  logSubject,
} from "./model";

const HOUR_MS = 3_600_000;
const DAY_SECONDS = 86_400;
const EPOCH = Date.parse("2026-06-01T00:00:00Z");
const REPOSITORIES = [
  { id: "p", name: "primary" },
  { id: "s", name: "secondary" },
];
const at = (hours: number) => new Date(EPOCH + hours * HOUR_MS);

/* ---- random histories ---- */

const copyState = fc.oneof(
  { weight: 12, arbitrary: fc.constant("present" as const) },
  fc.constantFrom("damaged", "missing", "expiring", "expired", "writing"),
);
const anyCopy = fc.record({
  state: copyState,
  isProven: fc.boolean(),
  lockHours: fc.option(fc.integer({ min: 0, max: 2_000 }), { freq: 4 }),
});
const anyBackup = fc.record({
  type: fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom("full", "incremental", "incremental") },
    fc.constant("something-new"),
  ),
  method: fc.constantFrom("logical", "physical"),
  state: fc.oneof(
    { weight: 12, arbitrary: fc.constant("complete") },
    fc.constantFrom("incomplete", "failed", "running", "odd"),
  ),
  hours: fc.integer({ min: 1, max: 90 }),
  back: fc.constantFrom(0, 0, 0, 1, 2, 5),
  hasPosition: fc.oneof({ weight: 30, arbitrary: fc.constant(true) }, fc.constant(false)),
  isRunOpen: fc.oneof({ weight: 15, arbitrary: fc.constant(false) }, fc.constant(true)),
  primary: anyCopy,
  secondary: anyCopy,
});
const history = fc.record({
  backups: fc.array(anyBackup, { maxLength: 24 }),
  /** Hours between one rotation of the log and the next; a new incarnation begins at each of these indices. */
  rotation: fc.integer({ min: 3, max: 30 }),
  breaks: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 2 }),
  holes: fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 3 }),
  logLocks: fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 2 }),
  open: fc.integer({ min: 0, max: 3 }),
  retainFull: fc.option(fc.integer({ min: 1, max: 30 }), { freq: 12 }),
  retainIncremental: fc.option(fc.integer({ min: 1, max: 10 }), { freq: 12 }),
  retainLogHours: fc.option(fc.integer({ min: 1, max: 72 }), { freq: 12 }),
  /** Files that grew, or were mended, so many hours later than their neighbours. */
  late: fc.dictionary(fc.constantFrom("0", "1", "2", "5", "9", "14", "20"), fc.integer({ min: 1, max: 600 }), {
    maxKeys: 2,
  }),
  expiringLogs: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 2 }),
  keepProven: fc.integer({ min: 1, max: 4 }),
  laterHours: fc.integer({ min: 0, max: 1_500 }),
  isFrozen: fc.constantFrom(false, false, false, false, true),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

function toFacts(past: History): SystemFacts {
  let hours = 0;
  const starts = past.backups.map((backup) => (hours += backup.hours));
  const end = hours + past.laterHours;
  const files = Math.min(61, Math.floor(end / past.rotation) + 1);
  const incarnationAt = (file: number) => `i${past.breaks.filter((each) => each <= file).length}`;
  const backups: BackupFact[] = [];
  for (const [index, each] of past.backups.entries()) {
    const started = starts[index] ?? 0;
    const file = Math.min(files - 1, Math.floor(started / past.rotation));
    const parent = each.type === "incremental" ? backups[index - 1 - each.back] : undefined;
    const copyOf = (repositoryId: string, copy: History["backups"][number]["primary"]) => ({
      repositoryId,
      state: copy.state,
      sizeBytes: 10,
      lockedUntil: copy.lockHours === null ? null : at(started + copy.lockHours),
      provenAt: copy.isProven ? at(started + 1) : null,
    });
    backups.push({
      id: `b${index}`,
      type: each.type,
      method: each.method,
      parentId: parent?.id ?? null,
      state: each.state,
      startedAt: at(started),
      endedAt: each.state === "running" ? null : at(started + 1),
      sizeBytes: 10,
      isRunOpen: each.isRunOpen,
      serverId: "1",
      incarnation: incarnationAt(file),
      position: each.hasPosition ? { file: nameOf(file) } : null,
      copies: [copyOf("p", each.primary), copyOf("s", each.secondary)],
    });
  }
  const logs = Array.from({ length: files }, (_, file) => file)
    .filter((file) => !past.holes.includes(file))
    .flatMap((file) =>
      REPOSITORIES.map(({ id }): LogFact => ({
        repositoryId: id,
        serverId: "1",
        incarnation: incarnationAt(file),
        file: nameOf(file),
        isClosed: file < files - 1 - past.open && incarnationAt(file) === incarnationAt(file + 1),
        isCompacted: file % 5 !== 4,
        settledAt: at(Math.min(end, (file + 1) * past.rotation + (past.late[file] ?? 0))),
        sizeBytes: 1,
        lockedUntil: past.logLocks.includes(file) ? at(file * past.rotation + 400) : null,
        isExpiring: past.expiringLogs.includes(file),
      })),
    );
  const retain = {
    ...(past.retainFull === null ? {} : { full: past.retainFull * DAY_SECONDS }),
    ...(past.retainIncremental === null ? {} : { incremental: past.retainIncremental * DAY_SECONDS }),
    ...(past.retainLogHours === null ? {} : { log: past.retainLogHours * 3_600 }),
  };
  return {
    now: at(end),
    system: "database",
    repositories: REPOSITORIES,
    retain,
    keepProven: past.keepProven,
    backups,
    logs,
    freezes: past.isFrozen ? [{ cause: "gap:1", kind: "gap", at: at(0), message: "a gap" }] : [],
    currentLog: { serverId: "1", incarnation: incarnationAt(files - 1) },
  };
}

function nameOf(file: number): string {
  return `binlog.${String(file + 1).padStart(6, "0")}`;
}

/* ---- what a repository holds, told without the planner ---- */

/** The facts after some removals were carried out. */
function afterwards(facts: SystemFacts, removals: readonly Removal[]): SystemFacts {
  const isGone = (kind: "log" | "copy", repositoryId: string, subject: string) =>
    removals.some(
      (each) =>
        each.repositoryId === repositoryId && each.subject === subject && (each.kind === "log") === (kind === "log"),
    );
  return {
    ...facts,
    backups: facts.backups.map((backup) => ({
      ...backup,
      copies: backup.copies.map((copy) =>
        isGone("copy", copy.repositoryId, backup.id) ? { ...copy, state: "expired" as const } : copy,
      ),
    })),
    logs: facts.logs.filter((log) => !isGone("log", log.repositoryId, logSubject(log))),
  };
}

function copyIn(backup: BackupFact, repository: string) {
  return backup.copies.find((copy) => copy.repositoryId === repository);
}

function isUsable(backup: BackupFact | undefined, repository: string): backup is BackupFact {
  if (!backup || !["complete", "incomplete"].includes(backup.state)) return false;
  return copyIn(backup, repository)?.state === "present";
}

/** Backups that a restore from this repository has proven and could still use: with every parent down to a full. */
function provenPoints({ backups }: SystemFacts, repository: string): BackupFact[] {
  const reaches = (backup: BackupFact | undefined): boolean =>
    isUsable(backup, repository) &&
    (backup.type === "full" ? backup.parentId === null : reaches(backups.find((each) => each.id === backup.parentId)));
  return backups.filter((backup) => copyIn(backup, repository)?.provenAt && reaches(backup));
}

const newestFirst = (a: BackupFact, b: BackupFact) => b.startedAt.getTime() - a.startedAt.getTime();
const fullsOf = (points: BackupFact[]) => points.filter((each) => each.type === "full").sort(newestFirst);

/** How many files of log follow a full's position without a hole. */
function logBehind({ logs }: SystemFacts, full: BackupFact, repository: string): number {
  const own = new Set(
    logs
      .filter((log) => log.repositoryId === repository && log.incarnation === full.incarnation && !log.isExpiring)
      .map((log) => logOrder(log.file)),
  );
  let count = 0;
  for (let file = logOrder(full.position?.file ?? ""); own.has(file); file += 1) count += 1;
  return count;
}

function expectSafe(before: SystemFacts, after: SystemFacts): void {
  for (const { id } of REPOSITORIES) {
    const points = provenPoints(before, id);
    const left = provenPoints(after, id);
    const fulls = fullsOf(points).map((full) => full.id);
    expect(fullsOf(left).length).toBeGreaterThanOrEqual(Math.min(before.keepProven, fulls.length));
    expect(left.map((point) => point.id)).toEqual(expect.arrayContaining(fulls.slice(0, before.keepProven)));
    const newest = [...points].sort(newestFirst)[0];
    if (newest) expect(left.map((point) => point.id)).toContain(newest.id);
    for (const backup of after.backups) {
      if (!isUsable(backup, id)) continue;
      const parent = before.backups.find((each) => each.id === backup.parentId);
      if (isUsable(parent, id))
        expect(
          isUsable(
            after.backups.find((each) => each.id === parent.id),
            id,
          ),
        ).toBe(true);
      if (backup.type !== "full") continue;
      // All of the log that it had, or nothing that follows a hole.
      expect([0, logBehind(before, backup, id)]).toContain(logBehind(after, backup, id));
    }
    for (const full of fullsOf(points).slice(0, before.keepProven)) {
      expect(logBehind(after, full, id)).toBe(logBehind(before, full, id));
    }
  }
}

function expectLogMayGo(facts: SystemFacts, removal: Removal): void {
  const log = facts.logs.find(
    (each) => each.repositoryId === removal.repositoryId && logSubject(each) === removal.subject,
  );
  expect((log?.lockedUntil ?? facts.now) <= facts.now).toBe(true);
  if (log?.isExpiring) return;
  const retain = facts.retain.log ?? Number.POSITIVE_INFINITY;
  expect(facts.now.getTime() - (log?.settledAt.getTime() ?? 0)).toBeGreaterThanOrEqual(retain * 1_000);
}

function expectCopyMayGo(facts: SystemFacts, removal: Removal): void {
  const backup = facts.backups.find((each) => each.id === removal.subject);
  const copy = backup && copyIn(backup, removal.repositoryId);
  if (!backup || !copy) throw new Error("it names no copy");
  expect((copy.lockedUntil ?? facts.now) <= facts.now).toBe(true);
  expect(backup.isRunOpen).toBe(false);
  expect(backup.state).not.toBe("running");
  if (removal.kind === "leftover") {
    expect(["missing", "writing", "expiring"]).toContain(copy.state);
    return;
  }
  expect(["full", "incremental"]).toContain(backup.type);
  expect(["complete", "incomplete"]).toContain(backup.state);
  const retain = facts.retain[backup.type as "full"] ?? Number.POSITIVE_INFINITY;
  expect(facts.now.getTime() - backup.startedAt.getTime()).toBeGreaterThan(retain * 1_000);
}

/* ---- the properties ---- */

const RUNS = { numRuns: honestSize(250, 5_000) };
const SPEC_MS = honestSize(30_000, 1_200_000);
const plansOf = (past: History) => {
  const facts = toFacts(past);
  const due = dueRemovals(makePlan(facts), facts.now);
  return { facts, due };
};

describe("a retention plan over random histories", { timeout: SPEC_MS }, () => {
  test("takes something in many of them: what follows is not said of nothing", () => {
    const taken = fc.sample(history, 300).map((past) => plansOf(past).due);
    expect(taken.filter((due) => due.some(({ kind }) => kind === "backup")).length).toBeGreaterThan(20);
    expect(taken.filter((due) => due.some(({ kind }) => kind === "log")).length).toBeGreaterThan(20);
    expect(taken.filter((due) => due.some(({ kind }) => kind === "leftover")).length).toBeGreaterThan(5);
  });

  test("leaves N proven fulls where there were N, the newest proven chain, no orphan, and no hole behind a full", () => {
    fc.assert(
      fc.property(history, (past) => {
        const { facts, due } = plansOf(past);
        expectSafe(facts, afterwards(facts, due));
      }),
      RUNS,
    );
  });

  test("is as safe when it breaks off anywhere, and its rest completes it", () => {
    fc.assert(
      fc.property(history, fc.nat(), (past, cut) => {
        const { facts, due } = plansOf(past);
        const part = afterwards(facts, due.slice(0, cut % (due.length + 1)));
        expectSafe(facts, part);
        const rest = dueRemovals(makePlan(part), facts.now);
        const whole = afterwards(part, rest);
        expectSafe(facts, whole);
        expect(new Set(whole.logs.map((log) => logSubject(log)))).toEqual(
          new Set(afterwards(facts, due).logs.map((log) => logSubject(log))),
        );
      }),
      RUNS,
    );
  });

  test("has nothing left to take once it was carried out", () => {
    fc.assert(
      fc.property(history, (past) => {
        const { facts, due } = plansOf(past);
        expect(dueRemovals(makePlan(afterwards(facts, due)), facts.now)).toEqual([]);
      }),
      RUNS,
    );
  });

  test("takes nothing that is locked, too young, being written, or of a type or state that it does not know", () => {
    fc.assert(
      fc.property(history, (past) => {
        const { facts, due } = plansOf(past);
        for (const removal of due) {
          if (removal.kind === "log") expectLogMayGo(facts, removal);
          else expectCopyMayGo(facts, removal);
        }
      }),
      RUNS,
    );
  });

  test("takes nothing of a frozen system, and still says what it would take", () => {
    fc.assert(
      fc.property(history, (past) => {
        const frozen = toFacts({ ...past, isFrozen: true });
        const free = toFacts({ ...past, isFrozen: false });
        expect(dueRemovals(makePlan(frozen), frozen.now)).toEqual([]);
        expect(makePlan(frozen).removals).toEqual(makePlan(free).removals);
      }),
      RUNS,
    );
  });

  test("says of each backup whose time has passed that it goes or why it stays, never both", () => {
    fc.assert(
      fc.property(history, (past) => {
        const facts = toFacts(past);
        const { removals, kept } = makePlan(facts);
        for (const { id } of REPOSITORIES) {
          for (const backup of facts.backups.filter((each) => isUsable(each, id))) {
            const retain = facts.retain[backup.type as "full"];
            const isOld =
              retain !== undefined &&
              (backup.endedAt ?? backup.startedAt).getTime() + retain * 1_000 <= facts.now.getTime();
            const said = [...removals, ...kept].filter(
              (each) => each.repositoryId === id && each.subject === backup.id,
            );
            expect(said).toHaveLength(isOld ? 1 : 0);
          }
        }
      }),
      RUNS,
    );
  });
});
