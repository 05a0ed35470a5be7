import { setTimeout as wait } from "node:timers/promises";
import type { Db } from "@/lib/db/client";
import { withSession } from "@/lib/engines/database/mariadb/connect";
import { Secret } from "@/lib/kernel/secret";
import { READER } from "./source-data";
import { type FaultWorld, REPOSITORIES } from "./world";

const LONG_MS = 180_000;
const POLL_MS = 50;

/** Waits until `look` finds something. @throws Error that says what was waited for */
export async function untilFound<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  timeoutMs = LONG_MS,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > until) throw new Error(`waited ${timeoutMs / 1_000} s in vain for ${what}`);
    await wait(POLL_MS);
  }
}

/** Which steps a run has done, and what the one that is under way has come to. */
async function describeSteps(db: Db, runId: string): Promise<string> {
  const steps = await db.runStep.findMany({ where: { runId }, orderBy: { index: "asc" } });
  return steps.map(({ key, state, progress }) => `${key} ${state} ${JSON.stringify(progress)}`).join("; ");
}

/** A run once it has ended, however it did. @throws Error that says how far it came */
export async function untilEnded(db: Db, runId: string) {
  try {
    return await untilFound(`the end of run ${runId}`, () =>
      db.run.findFirst({ where: { id: runId, endedAt: { not: null } } }),
    );
  } catch (error) {
    throw new Error(`run ${runId} has not ended: ${await describeSteps(db, runId)}`, { cause: error });
  }
}

/** Resolves when the collector has named the log: fulls from then on can be brought forward. */
export async function untilLogIsCollected(db: Db): Promise<void> {
  await untilFound("the log to be collected", () => db.system.findFirst({ where: { logIncarnation: { not: null } } }));
}

/** Both stores have everything that the server had written when this was asked. */
export async function untilShipped(db: Db, world: FaultWorld): Promise<void> {
  const [end] = await world.source.run("SHOW MASTER STATUS");
  for (const name of REPOSITORIES) {
    await untilFound(`the log in ${name}`, async () => {
      const row = await db.logCoverage.findFirst({ where: { repository: { name }, file: String(end?.File) } });
      return row && Number(row.endOffset) >= Number(end?.Position);
    });
  }
}

/** Ids of the orders in the recovered server of a restore, as the application would read them. */
export async function readRecoveredOrders(db: Db, world: FaultWorld, runId: string): Promise<number[]> {
  const run = await db.run.findUniqueOrThrow({ where: { id: runId } });
  const { target } = run.result as { target: { port: number } };
  const password = new Secret(world.readerPassword);
  const connection = { host: "127.0.0.1", port: target.port, user: READER, password };
  const rows = await withSession(connection, { signal: new AbortController().signal }, (session) =>
    session.rows("read the orders", "SELECT id FROM shop.orders ORDER BY id"),
  );
  return rows.map((row) => Number(row.id));
}
