import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { sha256 } from "@/lib/kernel/crypto";
import { PreconditionError } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";

export interface Migration {
  /** `20261123100000_init`: the order of the names is the order of the migrations. */
  name: string;
  sql: string;
  /** SHA-256 of the file, as Prisma keeps it. */
  checksum: string;
}

interface AppliedRow {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
}

/** The lock that `prisma migrate` takes as well: whoever comes second waits. */
const ADVISORY_LOCK = 72_707_369;

/** Prisma's own table, so that `prisma migrate deploy` and `status` agree with what was done here. */
const CREATE_JOURNAL = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum            VARCHAR(64) NOT NULL,
  finished_at         TIMESTAMPTZ,
  migration_name      VARCHAR(255) NOT NULL,
  logs                TEXT,
  rolled_back_at      TIMESTAMPTZ,
  started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

export const MIGRATIONS_DIRECTORY = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));

/** The migrations of a directory in Prisma's layout, oldest first. */
export async function readMigrations(directory: string = MIGRATIONS_DIRECTORY): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return await Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(directory, name, "migration.sql"), "utf8");
      return { name, sql, checksum: sha256(sql) };
    }),
  );
}

/**
 * Brings the console's database to the newest schema. Each file is sent whole in a transaction of its own together
 * with its row in `_prisma_migrations`: it is applied and recorded, or neither. Safe to call from several processes.
 * @returns the names applied now, oldest first
 * @throws PreconditionError when the history of the database is not the beginning of ours
 */
export async function applyMigrations(databaseUrl: string, directory?: string): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const client = new Client({ connectionString: databaseUrl, application_name: "holdfast-migrations" });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [ADVISORY_LOCK]);
    await client.query(CREATE_JOURNAL);
    const { rows } = await client.query<AppliedRow>(
      "SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL",
    );
    const pending = pendingMigrations(migrations, rows);
    for (const migration of pending) await applyMigration(client, migration);
    return pending.map((migration) => migration.name);
  } finally {
    await client.end(); // gives the lock back and rolls an unfinished migration back
  }
}

/** What is still to be applied. @throws PreconditionError for a history that is not the beginning of ours */
export function pendingMigrations(migrations: readonly Migration[], applied: readonly AppliedRow[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const row of applied) {
    const migration = known.get(row.migration_name);
    if (!migration) {
      throw new PreconditionError(
        `the database holds the migration "${row.migration_name}", which this Holdfast does not know`,
        {
          hint: "Is this an older Holdfast than the one that used the database before? Start the newer one.",
        },
      );
    }
    if (row.finished_at === null) {
      throw new PreconditionError(`the migration "${row.migration_name}" was begun and never finished`, {
        hint: "Mend it with `prisma migrate resolve`, or restore the console's database.",
      });
    }
    if (row.checksum !== migration.checksum) {
      throw new PreconditionError(`the migration "${row.migration_name}" differs from the one that was applied`, {
        hint: "Was the file edited after it was applied? Put the original back and write a new migration.",
      });
    }
  }
  const done = new Set(applied.map((row) => row.migration_name));
  return migrations.filter((migration) => !done.has(migration.name));
}

async function applyMigration(client: Client, migration: Migration): Promise<void> {
  const id = newId();
  await client.query("BEGIN");
  await client.query("INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)", [
    id,
    migration.checksum,
    migration.name,
  ]);
  await client.query(migration.sql);
  await client.query(
    "UPDATE _prisma_migrations SET finished_at = clock_timestamp(), applied_steps_count = 1 WHERE id = $1",
    [id],
  );
  await client.query("COMMIT");
}
