import { expect, test } from "vitest";
import { axisOf, chainsTo, oldestOf, windowsOf, type Lane } from "./recovery-model";

const NOW = Date.parse("2026-11-23T03:14:07Z");
const DAY = 86_400_000;
const ago = (ms: number) => new Date(NOW - ms).toISOString();

type Start = Lane["fulls"][number];

const start = (backupId: string, span: { at: number; to: number }, change: Partial<Start> = {}): Start => ({
  backupId,
  at: ago(span.at),
  state: "present",
  proven: false,
  reach: { from: ago(span.at), to: ago(span.to), fullAt: ago(span.at), increments: 0 },
  ...change,
});

const lane = (change: Partial<Lane> = {}): Lane => ({
  repository: "primary",
  recoverableTo: ago(3_000),
  fulls: [start("old", { at: 2 * DAY, to: 3_000 }, { proven: true }), start("new", { at: 3_600_000, to: 3_000 })],
  increments: [],
  logs: [{ from: ago(2 * DAY), to: ago(3_000) }],
  ...change,
});

test("a young estate is drawn over its own age, not as a sliver of a day", () => {
  const windows = windowsOf(NOW - 300_000, NOW, "log");
  expect(windows.map(({ id, scope }) => `${id} ${scope}`)).toEqual(["day last 10m", "edge one minute"]);
});

test("an old estate gets a month, a week, a day and the last minute without a hole between them", () => {
  const windows = windowsOf(NOW - 40 * DAY, NOW, "log");
  expect(windows.map(({ id }) => id)).toEqual(["month", "week", "day", "edge"]);
  expect(windows[0]?.toMs).toBe(windows[1]?.fromMs);
  expect(windows[1]?.toMs).toBe(windows[2]?.fromMs);
});

test("the newest full before the point is the chain, with the log that follows it", () => {
  const [chain] = chainsTo([lane()], NOW - 3_000, "log");
  expect(chain).toMatchObject({ backupId: "new", isProven: false, logMs: 3_597_000 });
});

test("a point before the newest full is reached from the one before it", () => {
  expect(chainsTo([lane()], NOW - DAY, "log")[0]?.backupId).toBe("old");
});

test("a hole in the log between every full and the point leaves no chain", () => {
  const fulls = [start("new", { at: 3_600_000, to: 3_000_000 }), start("old", { at: 2 * DAY, to: 3_000_000 })];
  expect(chainsTo([lane({ fulls })], NOW - 3_000, "log")).toEqual([]);
});

test("a backup that is not whole is no chain", () => {
  const fulls = [start("gone", { at: 3_600_000, to: 3_000 }, { state: "missing", reach: null })];
  expect(chainsTo([lane({ fulls })], NOW - 3_000, "log")).toEqual([]);
});

test("an increment before the point is the chain, with its full and what lies between", () => {
  const reach = { from: ago(600_000), to: ago(600_000), fullAt: ago(3_600_000), increments: 2 };
  const fulls = [start("full", { at: 3_600_000, to: 3_600_000 })];
  const increments = [start("second", { at: 600_000, to: 600_000 }, { reach })];
  const [chain] = chainsTo([lane({ fulls, increments })], NOW, "backups");
  expect(chain).toMatchObject({ backupId: "second", fullAt: ago(3_600_000), increments: 2, logMs: 0 });
});

test("without a log a time after the newest backup is met by that backup; with one it is not reached", () => {
  const fulls = [start("full", { at: 3_600_000, to: 3_600_000 })];
  expect(chainsTo([lane({ fulls })], NOW, "backups")[0]?.backupId).toBe("full");
  expect(chainsTo([lane({ fulls })], NOW, "log")).toEqual([]);
});

test("what has no log is drawn without the edge of one minute", () => {
  expect(windowsOf(NOW - 300_000, NOW, "backups").map(({ id }) => id)).toEqual(["day"]);
});

test("the oldest point of all lanes is where the line begins; without any it is now", () => {
  expect(oldestOf([lane()], NOW)).toBe(NOW - 2 * DAY);
  expect(oldestOf([], NOW)).toBe(NOW);
});

test("an axis has a few round times inside its window", () => {
  for (const window of windowsOf(NOW - 40 * DAY, NOW, "log")) {
    const ticks = axisOf(window);
    expect(ticks.length).toBeGreaterThan(0);
    expect(ticks.length).toBeLessThanOrEqual(5);
    for (const tick of ticks) expect(tick).toBeGreaterThanOrEqual(window.fromMs);
  }
});
