import { z } from "zod";
import { defineJob } from "@/lib/queue";

/** Sends one delivery once. When to try again stands in its row, so that a job that is lost loses nothing. */
export const alertDeliveryJob = defineJob({
  name: "alert.deliver",
  payload: z.strictObject({ deliveryId: z.uuid() }),
  retries: 0,
  heartbeatSeconds: 10,
});
