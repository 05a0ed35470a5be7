import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MeasuredStep, forecastDuration } from "./forecast-duration";

const step = (runId: string, key: string, ...[seconds, bytes = null]: [number, (number | null)?]): MeasuredStep => ({
  runId,
  key,
  seconds,
  bytes,
  endedAt: new Date(`2026-11-2${runId}T10:00:00Z`),
});
const work = { fetch: 0, load: 1_000, replay: 0 };

describe("the forecast of a restore", () => {
  test("is its bytes at the rates that were measured, with how often and when", () => {
    const measured = [step("1", "load", 10, 500), step("2", "load", 20, 500), step("3", "load", 60, 500)];
    expect(forecastDuration(work, measured)).toEqual({
      seconds: 40,
      secondsRange: [20, 120],
      samples: 3,
      newestAt: "2026-11-23T10:00:00.000Z",
    });
  });

  test("adds the steps that work on no bytes as they took", () => {
    const measured = [step("1", "load", 10, 1_000), step("1", "check", 4), step("2", "check", 6)];
    expect(forecastDuration(work, measured)).toMatchObject({ seconds: 15, secondsRange: [14, 16] });
  });

  test("is unknown when no restore ever loaded data", () => {
    expect(forecastDuration(work, [])).toBeNull();
    expect(forecastDuration(work, [step("1", "check", 4), step("1", "load", 10)])).toBeNull();
  });

  test("of more work is never shorter", () => {
    const steps = fc.array(
      fc
        .tuple(fc.constantFrom("fetch", "load", "replay"), fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1 }))
        .map(([key, seconds, bytes]) => step("1", key, seconds, bytes)),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(steps, fc.nat(), fc.nat(), (measured, one, more) => {
        const little = forecastDuration({ fetch: one, load: one, replay: one }, measured);
        const much = forecastDuration({ fetch: one, load: one + more, replay: one }, measured);
        if (!little || !much) return;
        expect(much.seconds).toBeGreaterThanOrEqual(little.seconds);
        expect(little.secondsRange[0]).toBeLessThanOrEqual(little.seconds);
        expect(little.seconds).toBeLessThanOrEqual(little.secondsRange[1]);
      }),
    );
  });
});
