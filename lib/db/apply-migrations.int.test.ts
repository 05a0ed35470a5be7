import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { MIGRATIONS_DIRECTORY, applyMigrations, readMigrations } from "./apply-migrations";
import { type TestDatabase, databaseUrlOf, openTestDatabase } from "./test-database";

let database: TestDatabase;
let emptyUrl: string;
let client: Client;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

beforeEach(async () => {
  await database.db.$executeRawUnsafe("DROP DATABASE IF EXISTS empty WITH (FORCE)");
  await database.db.$executeRawUnsafe("CREATE DATABASE empty");
  emptyUrl = databaseUrlOf(database.databaseUrl, "empty");
  client = new Client({ connectionString: emptyUrl });
  await client.connect();
  return async () => {
    await client.end();
    await database.db.$executeRawUnsafe("DROP DATABASE empty WITH (FORCE)");
  };
});

async function copyMigrations(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "migrations-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await cp(MIGRATIONS_DIRECTORY, directory, { recursive: true });
  return directory;
}

async function addMigration(directory: string, name: string, sql: string): Promise<void> {
  await mkdir(join(directory, name));
  await writeFile(join(directory, name, "migration.sql"), sql);
}

test("every migration is applied once and recorded as Prisma records it", async () => {
  const names = (await readMigrations()).map((migration) => migration.name);
  expect(await applyMigrations(emptyUrl)).toEqual(names);
  expect(await applyMigrations(emptyUrl)).toEqual([]);

  const { rows } = await client.query<Record<string, unknown>>(
    "SELECT checksum, migration_name, applied_steps_count, finished_at >= started_at AS finished, rolled_back_at FROM _prisma_migrations ORDER BY 2",
  );
  const file = await readFile(join(MIGRATIONS_DIRECTORY, names[0] ?? "", "migration.sql"));
  expect(rows[0]).toEqual({
    checksum: createHash("sha256").update(file).digest("hex"),
    migration_name: names[0],
    applied_steps_count: 1,
    finished: true,
    rolled_back_at: null,
  });
  expect(rows).toHaveLength(names.length);
});

test("of processes that start together one applies, and the others find nothing to do", async () => {
  const results = await Promise.all([1, 2, 3].map(() => applyMigrations(emptyUrl)));
  expect(results.filter((names) => names.length > 0)).toHaveLength(1);
});

test("a migration that fails half-way leaves nothing of itself, and the ones before it stay", async () => {
  const directory = await copyMigrations();
  await addMigration(directory, "29990101000000_broken", "CREATE TABLE half (id int); SELECT nonsense FROM nowhere;");
  await expect(applyMigrations(emptyUrl, directory)).rejects.toThrow(/nowhere/);
  const { rows } = await client.query("SELECT to_regclass('half') AS half, to_regclass('runs')::text AS runs");
  expect(rows).toEqual([{ half: null, runs: "runs" }]);

  await writeFile(join(directory, "29990101000000_broken", "migration.sql"), "CREATE TABLE half (id int);");
  expect(await applyMigrations(emptyUrl, directory)).toEqual(["29990101000000_broken"]);
});
