import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lastDays } from "./calendar";
import { type WrittenBytes, isYoung, storedByDay } from "./growth";

const days = lastDays(new Date("2026-11-23T10:00:00Z"), 5);
const on = (day: string, bytes: number, change: Partial<WrittenBytes> = {}): WrittenBytes => ({
  day: `2026-11-${day}`,
  kind: "full",
  isGone: false,
  bytes,
  ...change,
});

describe("what lay in a repository", () => {
  test("is what was written until then, and unknown before the first of it", () => {
    expect(storedByDay([on("20", 10), on("22", 5)], days, {})).toEqual([null, 10, 10, 15, 15]);
    expect(storedByDay([], days, {})).toEqual([null, null, null, null, null]);
  });

  test("counts what lay there before the first day that is asked for", () => {
    expect(storedByDay([on("01", 10)], days, {})).toEqual([10, 10, 10, 10, 10]);
  });

  test("counts what is gone until its retention ended", () => {
    expect(storedByDay([on("19", 10, { isGone: true }), on("20", 1)], days, { full: 2 })).toEqual([10, 11, 1, 1, 1]);
  });

  test("counts a log that is kept for a short time as it is now: what is gone of it left no trace", () => {
    const log = on("23", 7, { kind: "log" });
    expect(storedByDay([on("19", 10), log], days, { log: 1 })).toEqual([17, 17, 17, 17, 17]);
    expect(storedByDay([on("19", 10), log], days, { log: 30 })).toEqual([10, 10, 10, 10, 17]);
  });

  test("ends with exactly what lies there now", () => {
    const written = fc.array(
      fc.record({
        day: fc.integer({ min: 1, max: 23 }).map((day) => `2026-11-${String(day).padStart(2, "0")}`),
        kind: fc.constantFrom("full", "incremental", "log"),
        isGone: fc.constant(false),
        bytes: fc.integer({ min: 0, max: 1e9 }),
      }),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(written, fc.integer({ min: 1, max: 40 }), (all, log) => {
        expect(storedByDay(all, days, { log }).at(-1)).toBe(all.reduce((sum, each) => sum + each.bytes, 0));
      }),
    );
  });
});

describe("a repository is young", () => {
  test("while none of its fulls is older than its retention", () => {
    expect(isYoung([on("10", 1), on("20", 1)], { full: 30 }, "2026-11-23")).toBe(true);
    expect(isYoung([on("10", 1), on("20", 1)], { full: 7 }, "2026-11-23")).toBe(false);
    expect(isYoung([on("20", 1)], {}, "2026-11-23")).toBe(false);
  });
});
