import { Client } from "pg";
import { PgBoss } from "pg-boss";
import { type QueueSettings, queueName } from "./define-job";
import { QUEUE_SCHEMA, createQueues } from "./start-queue";

/**
 * Makes pg-boss's schema and the queues of the places where they are missing. Cheap when nothing is missing: one query.
 * A job can only be sent to a queue that exists.
 */
export async function ensureQueues(
  databaseUrl: string,
  jobs: readonly QueueSettings[],
  places: readonly string[],
): Promise<void> {
  const wanted = places.flatMap((place) => jobs.map((job) => queueName(job, place)));
  if (await hasQueues(databaseUrl, wanted)) return;
  const queue = new PgBoss({ connectionString: databaseUrl, schema: QUEUE_SCHEMA, max: 2, supervise: false });
  await queue.start();
  try {
    await createQueues(queue, jobs, places);
  } finally {
    await queue.stop({ graceful: false });
  }
}

async function hasQueues(databaseUrl: string, names: readonly string[]): Promise<boolean> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const table = await client.query<{ there: boolean }>("SELECT to_regclass($1) IS NOT NULL AS there", [
      `${QUEUE_SCHEMA}.queue`,
    ]);
    if (!table.rows[0]?.there) return false;
    const { rows } = await client.query<{ name: string }>(
      `SELECT name FROM ${QUEUE_SCHEMA}.queue WHERE name = ANY($1)`,
      [names],
    );
    return rows.length === names.length;
  } finally {
    await client.end();
  }
}
