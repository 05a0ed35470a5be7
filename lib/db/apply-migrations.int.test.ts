import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, openTestDatabase } from "./test-database";
import { applyMigrations } from "./apply-migrations";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

test("a migrated database has nothing left to apply", async () => {
  expect(await applyMigrations(database.databaseUrl)).toEqual([]);
});
