import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isCronExpression, nextTimes, previousTime } from "./cron";

const at = (text: string) => new Date(`${text}Z`);

describe("a schedule", () => {
  test.each(["0 2 * * *", "*/15 * * * *", "0 0 1 1 *", "30 4 * * mon-fri", "0 0 29 2 *", "5,35 8-18 * * 1,3"])(
    "can be %s",
    (expression) => {
      expect(isCronExpression(expression)).toBe(true);
    },
  );

  test.each([
    ["", "nothing"],
    ["* * * *", "four fields"],
    ["0 0 2 * * *", "six fields"],
    ["@daily", "a nickname"],
    ["60 * * * *", "a minute that does not exist"],
    ["0 24 * * *", "an hour that does not exist"],
    ["0 0 30 2 *", "a day that never comes"],
    ["0 0 31 4 *", "a day that never comes"],
    ["H 2 * * *", "another minute at each reading"],
    ["0 H(2-4) * * *", "another hour at each reading"],
    ["0 2 * * h", "another day at each reading"],
    ["every day", "prose"],
  ])("cannot be %j: %s", (expression) => {
    expect(isCronExpression(expression)).toBe(false);
  });

  test("on Thursdays is not taken for a random one", () => {
    expect(isCronExpression("0 2 * * thu")).toBe(true);
  });

  test("is counted in UTC: the night of a change of the clocks is like any other", () => {
    expect(nextTimes("30 1 * * *", at("2026-03-28T12:00:00"), 2)).toEqual([
      at("2026-03-29T01:30:00"),
      at("2026-03-30T01:30:00"),
    ]);
    expect(nextTimes("30 2 * * *", at("2026-10-24T12:00:00"), 2)).toEqual([
      at("2026-10-25T02:30:00"),
      at("2026-10-26T02:30:00"),
    ]);
  });

  test("of a leap day comes every fourth year", () => {
    expect(nextTimes("0 0 29 2 *", at("2026-11-23T00:00:00"), 2)).toEqual([
      at("2028-02-29T00:00:00"),
      at("2032-02-29T00:00:00"),
    ]);
    expect(previousTime("0 0 29 2 *", at("2026-11-23T00:00:00"))).toEqual(at("2024-02-29T00:00:00"));
  });
});

describe("the newest due time", () => {
  test("is the instant itself where it is due, to the millisecond", () => {
    expect(previousTime("0 2 * * *", at("2026-11-23T02:00:00.000"))).toEqual(at("2026-11-23T02:00:00"));
    expect(previousTime("0 2 * * *", at("2026-11-23T02:00:00.001"))).toEqual(at("2026-11-23T02:00:00"));
    expect(previousTime("0 2 * * *", at("2026-11-23T01:59:59.999"))).toEqual(at("2026-11-22T02:00:00"));
  });

  test("is never later than now, and no other due time lies between", () => {
    const expressions = fc.constantFrom("0 2 * * *", "*/15 * * * *", "7 */6 * * *", "0 0 1 * *", "0 3 * * sun");
    const instants = fc.date({ min: at("2020-01-01T00:00:00"), max: at("2040-01-01T00:00:00"), noInvalidDate: true });
    fc.assert(
      fc.property(expressions, instants, (expression, now) => {
        const due = previousTime(expression, now);
        const [next] = nextTimes(expression, due, 1);
        expect(due <= now).toBe(true);
        expect(next && next > now).toBe(true);
      }),
    );
  });
});
