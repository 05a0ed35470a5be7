import { expect, test } from "vitest";
import { axisOf, chainsTo, oldestOf, windowsOf, type Lane } from "./recovery-model";

const NOW = Date.parse("2026-11-23T03:14:07Z");
const DAY = 86_400_000;
const ago = (ms: number) => new Date(NOW - ms).toISOString();

const lane = (change: Partial<Lane> = {}): Lane => ({
  repository: "primary",
  recoverableTo: ago(3_000),
  fulls: [
    { backupId: "old", at: ago(2 * DAY), state: "present", proven: true },
    { backupId: "new", at: ago(3_600_000), state: "present", proven: false },
  ],
  logs: [{ from: ago(2 * DAY), to: ago(3_000) }],
  ...change,
});

test("a young estate is drawn over its own age, not as a sliver of a day", () => {
  const windows = windowsOf(NOW - 300_000, NOW);
  expect(windows.map(({ id, scope }) => `${id} ${scope}`)).toEqual(["day last 10m", "edge one minute"]);
});

test("an old estate gets a month, a week, a day and the last minute without a hole between them", () => {
  const windows = windowsOf(NOW - 40 * DAY, NOW);
  expect(windows.map(({ id }) => id)).toEqual(["month", "week", "day", "edge"]);
  expect(windows[0]?.toMs).toBe(windows[1]?.fromMs);
  expect(windows[1]?.toMs).toBe(windows[2]?.fromMs);
});

test("the newest full before the point is the chain, with the log that follows it", () => {
  const [chain] = chainsTo([lane()], NOW - 3_000);
  expect(chain).toMatchObject({ backupId: "new", isProven: false, logMs: 3_597_000 });
});

test("a point before the newest full is reached from the one before it", () => {
  expect(chainsTo([lane()], NOW - DAY)[0]?.backupId).toBe("old");
});

test("a hole in the log between the newest full and the point leaves no chain from it", () => {
  const logs = [
    { from: ago(2 * DAY), to: ago(3_000_000) },
    { from: ago(1_000_000), to: ago(3_000) },
  ];
  expect(chainsTo([lane({ logs })], NOW - 3_000)).toEqual([]);
});

test("a full whose copy is missing is no chain", () => {
  const fulls = [{ backupId: "gone", at: ago(3_600_000), state: "missing" as const, proven: true }];
  expect(chainsTo([lane({ fulls })], NOW - 3_000)).toEqual([]);
});

test("the oldest point of all lanes is where the line begins; without any it is now", () => {
  expect(oldestOf([lane()], NOW)).toBe(NOW - 2 * DAY);
  expect(oldestOf([], NOW)).toBe(NOW);
});

test("an axis has a few round times inside its window", () => {
  for (const window of windowsOf(NOW - 40 * DAY, NOW)) {
    const ticks = axisOf(window);
    expect(ticks.length).toBeGreaterThan(0);
    expect(ticks.length).toBeLessThanOrEqual(5);
    for (const tick of ticks) expect(tick).toBeGreaterThanOrEqual(window.fromMs);
  }
});
