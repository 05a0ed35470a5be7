import { alertDeliveryJob } from "@/lib/alerts/jobs";
import type { QueueSettings } from "@/lib/queue";
import { runJob } from "@/lib/runs/jobs";

/** Every job: each has a queue at each place. */
export const JOBS: readonly QueueSettings[] = [runJob, alertDeliveryJob];
