import type { z } from "zod";

/** What a job is: its name, the shape of its payload, how often it is tried. Handlers live in jobs/handlers. */
export interface JobDefinition<Payload extends object> {
  name: string;
  payload: z.ZodType<Payload>;
  /** Tries after the first one. A try counts when the handler throws or its runner dies. */
  retries: number;
  /** Longest time without a sign of life before another runner takes the job over. */
  heartbeatSeconds: number;
}

/** What a queue needs to know of its job. */
export type QueueSettings = Pick<JobDefinition<object>, "name" | "retries" | "heartbeatSeconds">;

export function defineJob<Payload extends object>(definition: JobDefinition<Payload>): JobDefinition<Payload> {
  return definition;
}

/** The queue of a job at a site: a runner works on the queues of its own site and labels only. */
export function queueName(job: { name: string }, place: string): string {
  return `${job.name}.${place}`;
}
