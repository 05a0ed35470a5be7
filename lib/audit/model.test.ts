import fc from "fast-check";
import { expect, it } from "vitest";
import { bucketSecondsFor } from "./model";

it("a histogram's bucket is the next round width", () => {
  expect(bucketSecondsFor(31 * 86_400_000, 60)).toBe(86_400);
  expect(bucketSecondsFor(86_400_000, 60)).toBe(3_600);
  expect(bucketSecondsFor(0, 60)).toBe(1);
});

it("a histogram never has more buckets than asked for", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4e12 }),
      fc.integer({ min: 2, max: 200 }),
      fc.nat(1e12),
      (rangeMs, buckets, start) => {
        const width = bucketSecondsFor(rangeMs, buckets) * 1_000;
        expect(Math.floor((start + rangeMs) / width) - Math.floor(start / width) + 1).toBeLessThanOrEqual(buckets);
      },
    ),
  );
});
