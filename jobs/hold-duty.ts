import { Client } from "pg";
import type { Logger } from "@/lib/kernel/log";
import { waitFor } from "@/lib/kernel/wait-for";

const RETRY_MS = 2_000;

/**
 * Does a piece of work that only one runner may do at a time, for as long as the signal lets it. The lock is
 * PostgreSQL's own and lives with a connection of its own: a runner that dies lets go of it at once, and a runner
 * whose connection breaks stops the work.
 */
export async function holdDuty(
  duty: { name: string; databaseUrl: string; log: Logger; signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  while (!duty.signal.aborted) {
    await tryDuty(duty, work).catch((cause: unknown) => {
      if (!duty.signal.aborted)
        duty.log.warn({ err: cause, duty: duty.name }, "a duty broke off and is taken up again");
    });
    await waitFor(RETRY_MS, duty.signal);
  }
}

async function tryDuty(
  duty: { name: string; databaseUrl: string; signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const client = new Client({ connectionString: duty.databaseUrl, keepAlive: true });
  const lost = new AbortController();
  client.on("error", () => lost.abort());
  client.on("end", () => lost.abort());
  await client.connect();
  try {
    const { rows } = await client.query<{ held: boolean }>(
      "SELECT pg_try_advisory_lock(hashtext('holdfast.duty'), hashtext($1)) AS held",
      [duty.name],
    );
    if (rows[0]?.held) await work(AbortSignal.any([duty.signal, lost.signal]));
  } finally {
    await client.end().catch(() => undefined); // The connection may be gone: that released the lock too.
  }
}
