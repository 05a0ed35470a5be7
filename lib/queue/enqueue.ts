import { PgBoss, fromPrisma } from "pg-boss";
import type { Tx } from "@/lib/db/context";
import { type JobDefinition, queueName } from "./define-job";
import { QUEUE_SCHEMA } from "./start-queue";

export interface EnqueueOptions<Payload extends object> {
  payload: Payload;
  /** Site or label that must do it; `primary` unless told. */
  place?: string;
}

/** Puts a job into the queue with the rows of the same transaction: both are there, or neither. */
export async function enqueue<Payload extends object>(
  tx: Tx,
  job: JobDefinition<Payload>,
  options: EnqueueOptions<Payload>,
): Promise<void> {
  const db = fromPrisma(tx);
  // It never starts: no maintenance, no polling, only queries on the caller's transaction. One for each transaction,
  // since it looks its queues up through the connection that it was made with.
  const sender = new PgBoss({ db, schema: QUEUE_SCHEMA, supervise: false, migrate: false, schedule: false });
  await sender.send(queueName(job, options.place ?? "primary"), job.payload.parse(options.payload), {
    db,
  });
}
