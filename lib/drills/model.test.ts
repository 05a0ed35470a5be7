import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { periodAt } from "@/lib/kernel/time";
import { GRACE_MS, drillStateOf, dueAtOf, isLate, parsePeriod, periodsToOpen } from "./model";
import { REQUIREMENTS } from "./requirements";
import { CADENCES } from "./schemas";

const at = (text: string) => new Date(text);
const november = parsePeriod("2026-11");
const dueAt = at("2026-11-30T23:59:59.999Z");
const open = { dueAt, doneAt: null, signedAt: null };

describe("the schedule", () => {
  it("has the standard's four lines of each cadence, each key once", () => {
    expect(CADENCES.map((cadence) => REQUIREMENTS.filter((line) => line.cadence === cadence).length)).toEqual([
      4, 4, 4,
    ]);
    expect(new Set(REQUIREMENTS.map(({ key }) => key)).size).toBe(12);
  });
});

describe("a period", () => {
  it("is due at its last instant in UTC", () => {
    expect(november && dueAtOf(november)).toEqual(dueAt);
  });

  it("is read back from its name", () => {
    fc.assert(
      fc.property(
        fc.date({ min: at("2000-01-01T00:00:00Z"), max: at("2099-12-31T23:59:59Z"), noInvalidDate: true }),
        (instant) => {
          for (const cadence of CADENCES) {
            const period = periodAt(cadence, instant);
            expect(parsePeriod(period.name)).toEqual(period);
          }
        },
      ),
    );
  });

  it.each(["2026-13", "2026-Q5", "2026-1", "november", "", "2026-11-01"])("is not %s", (name) => {
    expect(parsePeriod(name)).toBeNull();
  });
});

describe("the state of a task", () => {
  it.each([
    ["2026-11-30T23:59:59.999Z", "due"],
    ["2026-12-01T00:00:00.000Z", "overdue"],
    ["2026-12-07T23:59:59.999Z", "overdue"],
    ["2026-12-08T00:00:00.000Z", "missed"],
  ])("that nobody did is, at %s, %s", (now, state) => {
    expect(drillStateOf(open, at(now))).toBe(state);
  });

  it("stays done or signed whatever the time is", () => {
    const done = { ...open, doneAt: at("2026-11-10T10:00:00Z") };
    const signed = { ...done, signedAt: at("2026-11-11T10:00:00Z") };
    expect(drillStateOf(done, at("2027-06-01T00:00:00Z"))).toBe("done");
    expect(drillStateOf(signed, at("2027-06-01T00:00:00Z"))).toBe("signed");
  });

  it("is late when it was done late, or is not signed off by then", () => {
    const inTime = { ...open, doneAt: at("2026-11-10T10:00:00Z") };
    expect(isLate(open, at("2026-12-02T00:00:00Z"))).toBe(false);
    expect(isLate(inTime, at("2026-11-20T00:00:00Z"))).toBe(false);
    expect(isLate(inTime, at("2026-12-02T00:00:00Z"))).toBe(true);
    expect(isLate({ ...inTime, signedAt: at("2026-12-02T00:00:00Z") }, at("2026-12-03T00:00:00Z"))).toBe(false);
    expect(isLate({ ...open, doneAt: at("2026-12-02T00:00:00Z") }, at("2026-12-02T00:00:00Z"))).toBe(true);
  });

  it("never turns back from missed while nobody did it", () => {
    fc.assert(
      fc.property(fc.nat(4 * GRACE_MS), fc.nat(4 * GRACE_MS), (a, b) => {
        const states = [Math.min(a, b), Math.max(a, b)].map((ms) =>
          drillStateOf(open, new Date(dueAt.getTime() - GRACE_MS + ms)),
        );
        const ranks = states.map((state) => ["due", "overdue", "missed"].indexOf(state));
        expect(ranks[0]).toBeLessThanOrEqual(ranks[1] ?? -1);
      }),
    );
  });
});

describe("periods to open", () => {
  const now = at("2026-11-23T10:00:00Z");
  const names = (cadence: (typeof CADENCES)[number], last: Date | null) =>
    periodsToOpen(cadence, last, now).map(({ name }) => name);

  it("are the present ones at the first start", () => {
    expect(CADENCES.map((cadence) => names(cadence, null))).toEqual([["2026-11"], ["2026-Q4"], ["2026"]]);
  });

  it("are also those that went by unseen, oldest first", () => {
    expect(names("monthly", at("2026-08-31T23:59:59.999Z"))).toEqual(["2026-09", "2026-10", "2026-11"]);
    expect(names("quarterly", at("2025-12-31T23:59:59.999Z"))).toEqual(["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]);
  });

  it("are the present one again where it is there already, and never without end", () => {
    expect(names("monthly", dueAt)).toEqual(["2026-11"]);
    expect(names("monthly", at("1990-01-31T23:59:59.999Z"))).toHaveLength(36);
  });
});
