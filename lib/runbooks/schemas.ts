import { z } from "zod";

export const RUN_MODES = ["drill", "live"] as const;
export type RunMode = (typeof RUN_MODES)[number];

export const RunbookStepView = z.object({
  key: z.string(),
  title: z.string(),
  owner: z.string(),
  /** Of the standard, in seconds: never mixed with what was measured. */
  estimateSeconds: z.number(),
  /** Median of the last runs, with their number. */
  measuredSeconds: z.number().nullable(),
  measuredRuns: z.number(),
  /** What happens in a drill: carried out, or replaced by a rehearsal, or not exercised. */
  drill: z.enum(["carried-out", "rehearsed", "not-exercised"]),
  /** Not part of a live run. */
  drillOnly: z.boolean(),
  does: z.string(),
});

export const RunbookView = z.object({
  id: z.string(),
  title: z.string(),
  version: z.number(),
  scenario: z.string(),
  system: z.string(),
  symptoms: z.array(z.string()),
  steps: z.array(RunbookStepView),
  estimateSeconds: z.object({ from: z.number(), to: z.number() }),
  expectedDataLoss: z.string(),
  lastRuns: z.array(
    z.object({
      runId: z.string(),
      mode: z.enum(RUN_MODES),
      state: z.string(),
      at: z.string(),
      rtoActualSeconds: z.number().nullable(),
      rpoActualSeconds: z.number().nullable(),
    }),
  ),
  /** Whether `live` may be started now, and if not, why. */
  live: z.object({ allowed: z.boolean(), target: z.string().nullable(), reason: z.string().nullable() }),
});
export type RunbookView = z.infer<typeof RunbookView>;

export const StartRunbookInput = z
  .strictObject({
    runbook: z.string().min(1),
    mode: z.enum(RUN_MODES),
    /** POINT of the contract; `latest` unless told. */
    at: z.string().default("latest"),
    /** Recover from this repository alone. */
    from: z.string().optional(),
    /** An earlier disruption than the last acknowledged heartbeat; needs a reason. */
    disruptionAt: z.iso.datetime({ offset: true }).optional(),
    reason: z.string().max(500).optional(),
    /** For `live`: the name of the system, typed by the person. */
    confirm: z.string().optional(),
  })
  .refine((input) => !input.disruptionAt || input.reason, {
    message: "a stated disruption needs a reason",
    path: ["reason"],
  })
  .refine((input) => input.mode !== "live" || input.reason, { message: "a live run needs a reason", path: ["reason"] });
export type StartRunbookInput = z.input<typeof StartRunbookInput>;

export const GetRunbookInput = z.strictObject({ id: z.string().min(1) });
