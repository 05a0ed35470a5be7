import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { openDatabaseClock } from "./database-clock";
import { type TestDatabase, openTestDatabase } from "./test-database";

const HOUR_MS = 3_600_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
afterEach(() => vi.useRealTimers());

const databaseMs = async () => {
  const [row] = await database.db.$queryRaw<[{ at: Date }]>`SELECT clock_timestamp() AS at`;
  return row.at.getTime();
};

describe("the time of a runner is the database's", () => {
  test.each([
    ["ahead", HOUR_MS],
    ["behind", -HOUR_MS],
  ])("where its machine's clock is an hour %s from the beginning", async (_name, offsetMs) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + offsetMs });
    const clock = await openDatabaseClock(database.db);
    expect(Math.abs(clock.now().getTime() - (await databaseMs()))).toBeLessThan(1_000);
  });

  test.each([
    ["forwards", HOUR_MS],
    ["backwards", -HOUR_MS],
  ])("where its machine's clock is moved an hour %s meanwhile, looked at again or not", async (_name, offsetMs) => {
    const clock = await openDatabaseClock(database.db);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + offsetMs });
    expect(Math.abs(clock.now().getTime() - (await databaseMs()))).toBeLessThan(1_000);
    await clock.look();
    expect(Math.abs(clock.now().getTime() - (await databaseMs()))).toBeLessThan(1_000);
  });

  test("also when that one is moved, from the next look on; while it does not answer the time goes on", async () => {
    let answer: () => Promise<[{ at: Date }]> = () => Promise.resolve([{ at: new Date("2026-11-23T10:00:00Z") }]);
    const clock = await openDatabaseClock({ $queryRaw: (() => answer()) as never });
    expect(clock.now().toISOString()).toMatch(/^2026-11-23T10:00:0/);
    answer = () => Promise.reject(new Error("nothing listens there"));
    await expect(clock.look()).rejects.toThrow("nothing listens there");
    expect(clock.now().toISOString()).toMatch(/^2026-11-23T10:00:0/);
    answer = () => Promise.resolve([{ at: new Date("2026-11-23T11:00:00Z") }]);
    await clock.look();
    expect(clock.now().toISOString()).toMatch(/^2026-11-23T11:00:0/);
  });
});
