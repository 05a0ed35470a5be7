export { defineJob, queueName, type JobDefinition } from "./define-job";
export { enqueue, type EnqueueOptions } from "./enqueue";
export { startQueue, createQueues, QUEUE_SCHEMA, type Queue } from "./start-queue";
