import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { createLogger } from "@/lib/kernel/log";
import type * as WaitFor from "@/lib/kernel/wait-for";
import { holdDuty } from "./hold-duty";

// The clock of the waits: what takes two seconds there takes a moment here.
vi.mock("@/lib/kernel/wait-for", async (original) => {
  const { waitFor } = await original<typeof WaitFor>();
  return { waitFor: (ms: number, signal: AbortSignal) => waitFor(Math.min(ms, 10), signal) };
});

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const log = createLogger("silent");
const until = (fact: () => void) => vi.waitFor(fact, { timeout: 5_000, interval: 5 });

/** A runner that wants a duty; it notes in `at` while it does it. */
function want(name: string, at: Set<string>, runner: string) {
  const stopping = new AbortController();
  const ended = holdDuty({ name, databaseUrl: database.databaseUrl, log, signal: stopping.signal }, async (signal) => {
    at.add(runner);
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    at.delete(runner);
  });
  const stop = async () => {
    stopping.abort();
    await ended;
  };
  onTestFinished(stop);
  return { stop };
}

test("a duty is done by one runner, and by another as soon as that one stops", async () => {
  const at = new Set<string>();
  const first = want("log/database", at, "first");
  await until(() => expect([...at]).toEqual(["first"]));
  want("log/database", at, "second");
  const other = new Set<string>();
  want("log/files", other, "third");
  await until(() => expect([...other]).toEqual(["third"])); // another duty is another lock
  expect([...at]).toEqual(["first"]);
  await first.stop();
  await until(() => expect([...at]).toEqual(["second"]));
});

test("a runner whose connection breaks stops the work, and the duty is taken up again", async () => {
  const at = new Set<string>();
  let begun = 0;
  const stopping = new AbortController();
  const ended = holdDuty(
    { name: "heartbeat/x", databaseUrl: database.databaseUrl, log, signal: stopping.signal },
    async (signal) => {
      begun += 1;
      at.add("runner");
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      at.delete("runner");
    },
  );
  onTestFinished(async () => {
    stopping.abort();
    await ended;
  });
  await until(() => expect(begun).toBe(1));
  await database.db.$executeRaw`
    SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND pid <> pg_backend_pid() AND datname = current_database()`;
  await until(() => expect(begun).toBe(2));
  expect([...at]).toEqual(["runner"]);
});

test("work that fails is begun again, and work that ends too", async () => {
  const stopping = new AbortController();
  let begun = 0;
  const ended = holdDuty({ name: "fails", databaseUrl: database.databaseUrl, log, signal: stopping.signal }, () => {
    begun += 1;
    return begun === 1 ? Promise.reject(new Error("the server does not answer")) : Promise.resolve();
  });
  await until(() => expect(begun).toBeGreaterThanOrEqual(3));
  stopping.abort();
  await ended;
});
