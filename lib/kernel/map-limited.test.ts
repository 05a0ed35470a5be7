import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { mapLimited } from "./map-limited";

describe("work on many items", () => {
  test("is done by so many at a time, and answered in order", async () => {
    let running = 0;
    let most = 0;
    const results = await mapLimited([5, 1, 4, 2, 3], 2, async (item) => {
      running += 1;
      most = Math.max(most, running);
      for (let count = 0; count < item; count += 1) await turn();
      running -= 1;
      return item * 10;
    });
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
  });

  test("ends with the first failure, and begins nothing more", async () => {
    const begun: number[] = [];
    const work = mapLimited([1, 2, 3, 4, 5, 6], 2, async (item) => {
      begun.push(item);
      await turn();
      if (item === 2) throw new Error("item 2");
    });
    await expect(work).rejects.toThrow("item 2");
    expect(begun.length).toBeLessThan(6);
  });

  test("on nothing is nothing", async () => {
    expect(await mapLimited([], 4, () => Promise.resolve(1))).toEqual([]);
  });
});
