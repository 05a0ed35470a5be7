import { expect, test } from "vitest";
import { PreconditionError } from "@/lib/kernel/errors";
import { pendingMigrations } from "./apply-migrations";

const first = { name: "1_init", sql: "SELECT 1", checksum: "aa" };
const second = { name: "2_more", sql: "SELECT 2", checksum: "bb" };
const applied = (name: string, checksum: string, finishedAt: Date | null = new Date(0)) => ({
  migration_name: name,
  checksum,
  finished_at: finishedAt,
});

test("what is not recorded is pending, in the order of the names", () => {
  expect(pendingMigrations([first, second], [])).toEqual([first, second]);
  expect(pendingMigrations([first, second], [applied("1_init", "aa")])).toEqual([second]);
});

test("a migration that was edited after it was applied is refused by name", () => {
  expect(() => pendingMigrations([first], [applied("1_init", "other")])).toThrow(/"1_init" differs/);
});

test("a database of a newer Holdfast is refused", () => {
  expect(() => pendingMigrations([first], [applied("1_init", "aa"), applied("9_future", "cc")])).toThrow(/"9_future"/);
});

test("a migration that another tool left unfinished is refused", () => {
  expect(() => pendingMigrations([first], [applied("1_init", "aa", null)])).toThrow(PreconditionError);
});
