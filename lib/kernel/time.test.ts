import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Cadence, parseDurationSeconds, parseInstant, periodAt } from "./time";

describe("a duration", () => {
  test.each([
    ["90s", 90],
    ["15m", 900],
    ["4h", 14_400],
    ["30d", 2_592_000],
    ["1.5h", 5_400],
    [" 2m ", 120],
    ["0s", 0],
  ])("%s is %d seconds", (text, seconds) => {
    expect(parseDurationSeconds(text)).toBe(seconds);
  });

  test.each(["", "5", "m", "-5m", "5 m", "5min", "1h30m", "5M", "1e3s", "NaNs"])("%j is none", (text) => {
    expect(parseDurationSeconds(text)).toBeNull();
  });
});

describe("an instant", () => {
  test("is the same one whatever offset it is written with", () => {
    for (const text of ["2026-11-23T03:14:07Z", "2026-11-23T04:14:07+01:00", "2026-11-22T23:44:07-03:30"]) {
      expect(parseInstant(text)).toEqual(new Date(Date.UTC(2026, 10, 23, 3, 14, 7)));
    }
    expect(parseInstant("2026-11-23T03:14:07.123456Z")?.getUTCMilliseconds()).toBe(123);
  });

  test.each(["2026-11-23T03:14:07", "2026-11-23", "yesterday", "", "2026-02-30T00:00:00Z", "2026-11-23T25:00:00Z"])(
    "%j is none: it means nothing, or another instant elsewhere",
    (text) => {
      expect(parseInstant(text)).toBeNull();
    },
  );

  test("on a leap day is there in leap years only", () => {
    expect(parseInstant("2028-02-29T12:00:00Z")?.toISOString()).toBe("2028-02-29T12:00:00.000Z");
    expect(parseInstant("2026-02-29T12:00:00Z")).toBeNull();
  });
});

describe("a period", () => {
  test.each([
    ["monthly", "2026-11-23T10:00:00Z", "2026-11", "2026-11-01", "2026-12-01"],
    ["monthly", "2026-12-31T23:59:59.999Z", "2026-12", "2026-12-01", "2027-01-01"],
    ["monthly", "2028-02-29T00:00:00Z", "2028-02", "2028-02-01", "2028-03-01"],
    ["quarterly", "2026-11-23T10:00:00Z", "2026-Q4", "2026-10-01", "2027-01-01"],
    ["quarterly", "2026-03-31T23:59:59Z", "2026-Q1", "2026-01-01", "2026-04-01"],
    ["annual", "2026-01-01T00:00:00Z", "2026", "2026-01-01", "2027-01-01"],
  ] as const)("%s at %s is %s", (...[cadence, at, name, starts, ends]) => {
    expect(periodAt(cadence, new Date(at))).toEqual({
      cadence,
      name,
      startsAt: new Date(`${starts}T00:00:00Z`),
      endsAt: new Date(`${ends}T00:00:00Z`),
    });
  });

  test("holds its instant, and the next one begins where it ends", () => {
    const cadences: Cadence[] = ["monthly", "quarterly", "annual"];
    const instants = fc.date({
      min: new Date("1990-01-01T00:00:00Z"),
      max: new Date("2100-01-01T00:00:00Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(fc.constantFrom(...cadences), instants, (cadence, at) => {
        const period = periodAt(cadence, at);
        expect(period.startsAt <= at && at < period.endsAt).toBe(true);
        const next = periodAt(cadence, period.endsAt);
        expect(next.startsAt).toEqual(period.endsAt);
        expect(next.name > period.name).toBe(true);
      }),
    );
  });
});
