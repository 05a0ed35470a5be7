export { defineJob, queueName, type JobDefinition, type QueueSettings } from "./define-job";
export { enqueue, type EnqueueOptions } from "./enqueue";
export { ensureQueues } from "./ensure-queues";
export { startQueue, createQueues, QUEUE_SCHEMA, type Queue } from "./start-queue";
