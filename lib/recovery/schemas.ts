import { z } from "zod";

export const StartRestoreInput = z.strictObject({
  system: z.string().min(1),
  /** `scratch`: a throw-away server; `dir:PATH`: a data directory of its own; or the name of a declared target. */
  to: z.string().min(1).default("scratch"),
  /** POINT: `latest`, an RFC 3339 time, `gtid:D-S-N`, `before-gtid:D-S-N`. */
  at: z.string().min(1).default("latest"),
  /** Restore from this repository alone; otherwise from the one that reaches the point and answers first. */
  from: z.string().optional(),
  reason: z.string().max(500).optional(),
});
export type StartRestoreInput = z.input<typeof StartRestoreInput>;
