import { z } from "zod";
import { isCronExpression } from "@/lib/kernel/cron";
import { parseBytes } from "@/lib/kernel/bytes";
import { parseDurationSeconds } from "@/lib/kernel/time";

/* How single values of holdfast.yaml are written. */

export const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, "expected a name of lower-case letters, digits and hyphens");

/** What the database's column holds. */
const SECONDS_MAX = 2 ** 31 - 1;

/** Whole seconds, written as `90s`, `15m`, `4h`, `30d`. */
export const seconds = z.string().transform((text, ctx) => {
  const value = parseDurationSeconds(text);
  if (value === null || value <= 0 || value > SECONDS_MAX || !Number.isInteger(value)) {
    ctx.addIssue({ code: "custom", message: `expected a duration such as 90s, 15m, 4h or 30d, not "${text}"` });
    return z.NEVER;
  }
  return value;
});

/** Bytes, written as `10MB` or `10MiB`. */
export const bytes = z.string().transform((text, ctx) => {
  const value = parseBytes(text);
  if (value === null) {
    ctx.addIssue({ code: "custom", message: `expected a size such as 10MB or 2GiB, not "${text}"` });
    return z.NEVER;
  }
  return value;
});

export const cron = z.string().refine(isCronExpression, "expected five cron fields in UTC, such as 0 2 * * *");
