import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { forecastGrowth } from "./forecast";

const line = (days: number, perDay: number, start = 1_000) =>
  Array.from({ length: days }, (_, day) => start + day * perDay);

describe("the forecast of growth", () => {
  test("of a straight line is the line, and says from how many days it was drawn", () => {
    expect(forecastGrowth(line(10, 50), 30)).toEqual({
      samples: 10,
      bytesPerDay: 50,
      bytesPerDayRange: [50, 50],
      horizonDays: 30,
      bytes: 1_450 + 30 * 50,
      bytesRange: [2_950, 2_950],
    });
  });

  test("is none from fewer than seven days", () => {
    expect(forecastGrowth(line(6, 50), 30)).toBeNull();
    expect(forecastGrowth([], 30)).toBeNull();
    expect(forecastGrowth(line(7, 50), 30)).not.toBeNull();
  });

  test("is not bent by one odd day", () => {
    const daily = line(21, 50);
    daily[10] = 90_000;
    expect(forecastGrowth(daily, 30)?.bytesPerDay).toBe(50);
  });

  test("never falls below nothing", () => {
    expect(forecastGrowth(line(10, -100), 30)).toMatchObject({ bytes: 0, bytesRange: [0, 0] });
  });

  test("holds its middle between the ends of its range, whatever the figures", () => {
    const figures = fc.array(fc.integer({ min: 0, max: 1e12 }), { minLength: 7, maxLength: 40 });
    fc.assert(
      fc.property(figures, (daily) => {
        const forecast = forecastGrowth(daily, 30);
        if (!forecast) throw new Error("seven days are enough");
        const [low, high] = forecast.bytesRange;
        expect(low).toBeLessThanOrEqual(forecast.bytes);
        expect(forecast.bytes).toBeLessThanOrEqual(high);
      }),
    );
  });

  test("grows with what it is made of: twice the figures, twice the growth", () => {
    const figures = fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 7, maxLength: 20 });
    fc.assert(
      fc.property(figures, (daily) => {
        const once = forecastGrowth(daily, 30)?.bytesPerDay ?? 0;
        const twice = forecastGrowth(
          daily.map((each) => each * 2),
          30,
        )?.bytesPerDay;
        expect(twice).toBeCloseTo(once * 2, 3);
      }),
    );
  });
});
