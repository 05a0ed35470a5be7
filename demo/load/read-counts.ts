import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import type { LoadCounts } from "./generate-orders";

const Counts = z.object({
  ok: z.number(),
  failed: z.number(),
  skipped: z.number(),
  lastOkAt: z.number().nullable(),
  lastFailure: z.string().nullable(),
}) satisfies z.ZodType<LoadCounts>;

/** What the load's process last reported; null when it never did. */
export function readCounts(statusFile: string): LoadCounts | null {
  if (!existsSync(statusFile)) return null;
  return Counts.parse(JSON.parse(readFileSync(statusFile, "utf8")));
}
