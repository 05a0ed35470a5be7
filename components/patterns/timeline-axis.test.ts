import { expect, test } from "vitest";
import { layOut, ticksOf } from "./timeline-axis";

const START = Date.parse("2026-11-23T03:00:00Z");
const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();
const step = (id: string, change: object) => ({
  id,
  state: "pending",
  estimateSeconds: 60,
  startedAt: null,
  endedAt: null,
  isExercised: true,
  ...change,
});

const done = step("one", { state: "succeeded", startedAt: at(0), endedAt: at(40) });
const running = step("two", { state: "running", startedAt: at(40) });

test("what was done lies where it was, what runs ends at now, what is to come follows the estimate of what runs", () => {
  const nowMs = START + 50_000;
  const { bars } = layOut([done, running, step("three", {})], { startMs: START, nowMs, isEnded: false });
  expect(bars.get("one")).toEqual({ from: START, actual: 40_000, estimate: 60_000 });
  expect(bars.get("two")).toEqual({ from: START + 40_000, actual: 10_000, estimate: 60_000 });
  expect(bars.get("three")?.from).toBe(START + 100_000);
});

test("a step that a drill leaves out takes no place", () => {
  const { bars } = layOut([step("one", { isExercised: false })], { startMs: START, nowMs: START, isEnded: false });
  expect(bars.size).toBe(0);
});

test("an ended run has nothing to come", () => {
  const { bars, endMs } = layOut([done, step("two", {})], { startMs: START, nowMs: START + 40_000, isEnded: true });
  expect([...bars.keys()]).toEqual(["one"]);
  expect(endMs).toBe(START + 40_000);
});

test("estimates of hours do not press what has passed into a sliver", () => {
  const nowMs = START + 100_000;
  const { endMs } = layOut([running, step("x", { estimateSeconds: 7_200 })], { startMs: START, nowMs, isEnded: false });
  expect((nowMs - START) / (endMs - START)).toBeGreaterThanOrEqual(0.39);
});

test("the axis has at most six round times", () => {
  const axis = layOut([done], { startMs: START, nowMs: START + 3_700_000, isEnded: true });
  expect(ticksOf(axis).length).toBeLessThanOrEqual(6);
});
