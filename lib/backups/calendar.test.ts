import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DayFacts, judgeDay, lastDays } from "./calendar";

const nothing: DayFacts = { backups: [], slots: [], hasGap: false, logIn: null, repositories: 2 };
const day = (change: Partial<DayFacts>) => judgeDay({ ...nothing, ...change });

describe("a day of the calendar", () => {
  test.each<[string, Partial<DayFacts>, string]>([
    ["nothing was due and nothing was done", {}, "none"],
    ["every backup was whole", { backups: ["complete", "complete"] }, "ok"],
    ["its backup has expired since", { backups: ["expired"] }, "ok"],
    ["one of several failed", { backups: ["complete", "failed"] }, "failed"],
    ["a run failed before its backup began", { slots: ["failed"] }, "failed"],
    ["nobody ran what was due", { backups: ["complete"], slots: ["missed"] }, "missed"],
    ["a copy is missing", { backups: ["complete", "incomplete"] }, "incomplete"],
    ["the first backup goes on", { backups: ["complete", "running"] }, "running"],
    ["one failed and another goes on", { backups: ["failed", "running"] }, "failed"],
    ["its log lies in every repository", { logIn: 2 }, "ok"],
    ["its log lies in one of two repositories", { logIn: 1 }, "incomplete"],
    ["its log has a hole", { logIn: 2, hasGap: true }, "failed"],
    ["no log was shipped", { logIn: 0 }, "none"],
  ])("on which %s", (_, change, state) => {
    expect(day(change)).toBe(state);
  });

  test("is ok only when nothing of it is bad, whatever else happened", () => {
    const states = fc.array(fc.constantFrom("complete", "expired", "incomplete", "failed", "running"), {
      maxLength: 4,
    });
    const slots = fc.array(fc.constantFrom("missed", "failed", "running"), { maxLength: 2 });
    fc.assert(
      fc.property(states, slots, fc.boolean(), (backups, due, hasGap) => {
        const isGood = due.length === 0 && !hasGap && backups.every((state) => ["complete", "expired"].includes(state));

        expect(day({ backups, slots: due, hasGap }) === "ok").toBe(isGood && backups.length > 0);
      }),
    );
  });

  test("belongs to UTC, and today is the last one", () => {
    const days = lastDays(new Date("2026-03-01T00:30:00Z"), 3);
    expect(days).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
  });
});
