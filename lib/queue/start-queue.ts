import { PgBoss } from "pg-boss";
import { type QueueSettings, queueName } from "./define-job";

export const QUEUE_SCHEMA = "pgboss";

export type Queue = PgBoss;

/** How often jobs whose runner died are looked for; pg-boss itself would look once a minute. */
const SUPERVISE_SECONDS = 5;

/** Starts pg-boss for a process that works on jobs, and makes the queues that it serves. */
export async function startQueue(
  databaseUrl: string,
  jobs: readonly QueueSettings[],
  places: readonly string[],
): Promise<Queue> {
  const queue = new PgBoss({
    connectionString: databaseUrl,
    schema: QUEUE_SCHEMA,
    max: 4,
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
  });
  await queue.start();
  await createQueues(queue, jobs, places);
  return queue;
}

/** A job can only be sent to a queue that exists, so every place's queues are made at migration too. */
export async function createQueues(
  queue: Queue,
  jobs: readonly QueueSettings[],
  places: readonly string[],
): Promise<void> {
  for (const place of places) {
    for (const job of jobs) {
      await queue.createQueue(queueName(job, place), {
        retryLimit: job.retries,
        retryDelay: 1,
        heartbeatSeconds: job.heartbeatSeconds,
        expireInSeconds: 24 * 3_600,
      });
    }
  }
}
