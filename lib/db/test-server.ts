/* The globalSetup of the integration tests: one PostgreSQL for a test run, and in it a template database with every
 * migration and every queue, which each test file clones with openTestDatabase(). */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PgBoss } from "pg-boss";
import type { TestProject } from "vitest/node";
import { type JobDefinition, QUEUE_SCHEMA, createQueues } from "@/lib/queue";
import { applyMigrations } from "./apply-migrations";
import { sharedDirectory } from "./embedded-binaries";
import { startEmbeddedPostgres } from "./embedded-postgres";
import { TEMPLATE, databaseUrlOf, withAdministration } from "./test-database";

declare module "vitest" {
  interface ProvidedContext {
    testServerUrl: string;
  }
}

declare global {
  interface ImportMeta {
    /** Vite's: the modules that match, imported. */
    glob(pattern: string, options: { eager: true }): Record<string, Record<string, unknown>>;
  }
}

/** Sites that tests may name. */
const PLACES = ["primary", "dr"];

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const parent = await sharedDirectory();
  await sweepDeadRuns(parent);
  const home = join(parent, `test-${process.pid}`);
  const server = await startEmbeddedPostgres({ home, isDurable: false });
  await withAdministration(server.databaseUrl, (client) => client.query(`CREATE DATABASE ${TEMPLATE}`));
  const templateUrl = databaseUrlOf(server.databaseUrl, TEMPLATE);
  await applyMigrations(templateUrl);
  await createEveryQueue(templateUrl);
  project.provide("testServerUrl", server.databaseUrl);
  return async () => {
    await server.stop();
    await rm(home, { recursive: true });
  };
}

async function createEveryQueue(databaseUrl: string): Promise<void> {
  const queue = new PgBoss({
    connectionString: databaseUrl,
    schema: QUEUE_SCHEMA,
    max: 1,
    supervise: false,
    schedule: false,
  });
  await queue.start();
  await createQueues(queue, declaredJobs(), PLACES);
  await queue.stop({ graceful: false });
}

/** Every job that a domain declares in its `jobs.ts`. */
function declaredJobs(): JobDefinition<never>[] {
  const modules = import.meta.glob("/lib/*/jobs.ts", { eager: true });
  return Object.values(modules).flatMap((module) => Object.values(module).filter(isJobDefinition));
}

function isJobDefinition(value: unknown): value is JobDefinition<never> {
  return typeof value === "object" && value !== null && "payload" in value && "heartbeatSeconds" in value;
}

/** A test run that was killed leaves its server behind: the next one takes it away. */
async function sweepDeadRuns(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /^test-(\d+)$/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const home = join(parent, name);
    try {
      const server = await startEmbeddedPostgres({ home, isDurable: false });
      await server.stop();
    } catch {
      // Killed while it was being made: a server that cannot be started does not run either.
    }
    await rm(home, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}
