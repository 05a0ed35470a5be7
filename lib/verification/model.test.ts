import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ErrorCode } from "@/lib/kernel/errors";
import { bandSide, dueOf, expectedBand, judgeFailure, judgeVerifier, newItems, weeklyLevel } from "./model";

describe("a failure's verdict", () => {
  test.each<[ErrorCode, string | null, string]>([
    ["DAMAGED", "object", "backup-bad"],
    ["DAMAGED", "queries", "backup-bad"],
    ["INTERNAL", "compare", "verifier-bad"],
    ["VALIDATION", "find", "verifier-bad"],
    // The data was proven equal before: a question that cannot be asked of it is wrong itself.
    ["ENGINE", "queries", "verifier-bad"],
    ["ENGINE", "load", "environment-failed"],
    ["ENGINE", "find", "environment-failed"],
    ["PRECONDITION", "application", "environment-failed"],
    ["REFUSED", "find", "environment-failed"],
    ["NOT_FOUND", null, "environment-failed"],
  ])("of %s in check %s is %s", (code, check, verdict) => {
    expect(judgeFailure({ code, check })).toBe(verdict);
  });

  test("is backup-bad for nothing but damage, and never a pass", () => {
    const codes = fc.constantFrom<ErrorCode>("ENGINE", "INTERNAL", "PRECONDITION", "REFUSED", "LIMIT", "CONFLICT");
    const checks = fc.option(fc.constantFrom("find", "object", "load", "compare", "replay", "queries", "application"));
    fc.assert(
      fc.property(codes, checks, (code, check) => {
        expect(["verifier-bad", "environment-failed"]).toContain(judgeFailure({ code, check }));
      }),
    );
  });
});

describe("the expected band", () => {
  test("is not known from too few runs, and then nothing exceeds it", () => {
    expect(expectedBand([100, 100])).toBeNull();
    expect(bandSide(1, null)).toBeNull();
  });

  test("lies around the median of the last ten runs", () => {
    expect(expectedBand([100, 102, 98, 101, 5_000])).toEqual({ low: 50.5, high: 151.5 });
    expect(expectedBand([...Array.from({ length: 10 }, () => 100), 1, 1, 1])).toEqual({ low: 50, high: 150 });
  });

  test("is wider where the runs themselves differ, and never below nothing", () => {
    expect(expectedBand([100, 200, 300, 400, 500])).toEqual({ low: 0, high: 700 });
  });

  test("says on which side of it a figure lies", () => {
    const band = { low: 50, high: 150 };
    expect([49, 50, 150, 151].map((value) => bandSide(value, band))).toEqual(["below", null, null, "above"]);
  });

  test("holds the median of its own runs, whatever they are", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1e12 }), { minLength: 3, maxLength: 10 }), (runs) => {
        const sorted = runs.toSorted((a, b) => a - b);
        expect(bandSide(sorted[Math.floor(runs.length / 2)] ?? 0, expectedBand(runs))).toBeOneOf([null, "above"]);
        expect(expectedBand(runs)?.low).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

test("a bad backup is due in a day, an odd size in a week", () => {
  const at = new Date("2026-11-23T10:00:00Z");
  expect(dueOf("verdict", at).toISOString()).toBe("2026-11-24T10:00:00.000Z");
  expect(dueOf("size", at).toISOString()).toBe("2026-11-30T10:00:00.000Z");
});

test("only what the backup before did not have is new", () => {
  expect(newItems(["a", "b"], ["a"])).toEqual(["b"]);
});

test("the weekly round goes as far as the system declares", () => {
  expect(weeklyLevel({ hasApplication: true, hasLog: false })).toBe("application");
  expect(weeklyLevel({ hasApplication: false, hasLog: true })).toBe("replay");
  expect(weeklyLevel({ hasApplication: false, hasLog: false })).toBe("restore");
});

describe("the verifier", () => {
  const now = new Date("2026-11-23T10:00:00Z");
  const ago = (days: number) => new Date(now.getTime() - days * 86_400_000);

  test("is unknown before its first test, and again two weeks after the last", () => {
    expect(judgeVerifier(null, now)).toBe("unknown");
    expect(judgeVerifier({ state: "passed", endedAt: ago(13) }, now)).toBe("passed");
    expect(judgeVerifier({ state: "passed", endedAt: ago(15) }, now)).toBe("unknown");
  });

  test("stays broken until a test passes, however long ago", () => {
    expect(judgeVerifier({ state: "broken", endedAt: ago(100) }, now)).toBe("broken");
    expect(judgeVerifier({ state: "failed", endedAt: ago(1) }, now)).toBe("failed");
  });
});
