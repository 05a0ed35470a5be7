import { z } from "zod";

/* What this estate reads of the command line's answers; the rest of each is left alone. */

const State = z.enum(["queued", "running", "waiting", "succeeded", "failed", "aborted"]);

export const AppliedAnswer = z.object({});
export const CreatedUserAnswer = z.object({ password: z.string() });

export const SystemsAnswer = z.object({
  systems: z.array(
    z.object({
      name: z.string(),
      lastProvenAt: z.string().nullable(),
      repositories: z.array(
        z.object({ name: z.string(), recoverableTo: z.string().nullable(), exposureSeconds: z.number().nullable() }),
      ),
    }),
  ),
});

export const BackupsAnswer = z.object({
  backups: z.array(z.object({ id: z.string(), type: z.string(), state: z.string() })),
});

export const StartedAnswer = z.object({ runId: z.string() });

export const RunAnswer = z.object({
  id: z.string(),
  state: State,
  disruptionAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  rtoActualSeconds: z.number().nullable(),
  rpoActualSeconds: z.number().nullable(),
  steps: z.array(
    z.object({
      title: z.string(),
      state: z.string(),
      actualSeconds: z.number().nullable(),
      summary: z.string().nullish(),
      error: z.string().nullish(),
    }),
  ),
  error: z.object({ message: z.string(), hint: z.string().nullable() }).nullish(),
  result: z.record(z.string(), z.unknown()).nullish(),
});
export type RunAnswer = z.infer<typeof RunAnswer>;
