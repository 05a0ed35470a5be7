import { z } from "zod";
import { defineJob } from "@/lib/queue";

/** Carries out one run, whatever its kind. Tried again only when its runner died: a failed run is an outcome, not a crash. */
export const runJob = defineJob({
  name: "run.perform",
  payload: z.strictObject({ runId: z.uuid() }),
  retries: 5,
  heartbeatSeconds: 10,
});
