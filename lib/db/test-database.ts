/* A real PostgreSQL for `*.int.test.ts`: each test file clones the migrated template in some 50 ms.
 *
 *   const database = await openTestDatabase();          // in beforeAll; `await database.close()` in afterAll
 *   database.db                                         // Prisma client
 *   database.databaseUrl                                // for pg, LISTEN, pg-boss; the queues of every lib/<domain>/jobs.ts exist
 *   database.ctx()                                      // Ctx of ADMINISTRATOR; ctx(VIEWER), ctx(systemActor("backup.run"))
 *   database.jobCtx(engines)                            // JobCtx of a system actor; jobCtx(engines, signal)
 *   database.clock.advance(60_000) / .set("2026-…Z")    // the clock of every ctx: stands still at 2026-11-23T10:00:00Z
 *
 * The actors are good for unit tests as well. */
import { Client } from "pg";
import { inject } from "vitest";
import type { Engines } from "@/lib/engines/ports";
import type { Actor } from "@/lib/kernel/actor";
import { newToken } from "@/lib/kernel/ids";
import { createLogger } from "@/lib/kernel/log";
import type { Role } from "@/lib/kernel/permissions";
import { type Db, openDb } from "./client";
import { type Ctx, type JobCtx, createCtx } from "./context";

export interface TestClock {
  now(): Date;
  advance(ms: number): void;
  set(instant: string): void;
}

export interface TestDatabase {
  db: Db;
  databaseUrl: string;
  clock: TestClock;
  ctx(actor?: Actor): Ctx;
  jobCtx(engines: Engines, signal?: AbortSignal): JobCtx;
  /** Ends the connections and drops the database. */
  close(): Promise<void>;
}

export const TEMPLATE = "holdfast_template";

const person = (role: Role, last: number): Actor => ({
  kind: "user",
  id: `00000000-0000-7000-8000-00000000000${last}`,
  email: `${role}@example.com`,
  name: `The ${role}`,
  role,
});

export const ADMINISTRATOR = person("administrator", 1);
export const OPERATOR = person("operator", 2);
export const AUDITOR = person("auditor", 3);
export const VIEWER = person("viewer", 4);
export const ANONYMOUS: Actor = { kind: "anonymous" };

/** Holdfast itself, doing a job. */
export function systemActor(job = "test"): Actor {
  return { kind: "system", job };
}

/** A clock that stands still until it is moved. */
function startClock(instant = "2026-11-23T10:00:00.000Z"): TestClock {
  let at = new Date(instant);
  return {
    now: () => new Date(at),
    advance: (ms) => {
      at = new Date(at.getTime() + ms);
    },
    set: (next) => {
      at = new Date(next);
    },
  };
}

/** A ctx with a silent logger. */
function testCtx(options: { db: Db; actor?: Actor; clock?: TestClock }): Ctx {
  const clock = options.clock ?? startClock();
  return createCtx({
    db: options.db,
    log: createLogger("silent"),
    actor: options.actor ?? ADMINISTRATOR,
    origin: { ipAddress: "192.0.2.7", userAgent: "vitest" },
    now: () => clock.now(),
  });
}

/** A database of its own with the newest schema and all queues. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const serverUrl = inject("testServerUrl");
  const name = `test_${newToken(6)}`;
  await withAdministration(serverUrl, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`));
  const databaseUrl = databaseUrlOf(serverUrl, name);
  const db = openDb(databaseUrl, 5);
  const clock = startClock();
  const ctx = (actor: Actor = ADMINISTRATOR) => testCtx({ db, actor, clock });
  return {
    db,
    databaseUrl,
    clock,
    ctx,
    jobCtx: (engines, signal = new AbortController().signal) => ({ ...ctx(systemActor()), engines, signal }),
    close: async () => {
      await db.$disconnect();
      await withAdministration(serverUrl, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}

/** The address of another database on the same server. */
export function databaseUrlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.toString();
}

/** Runs `work` on a connection of its own to the server's first database. */
export async function withAdministration(serverUrl: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
