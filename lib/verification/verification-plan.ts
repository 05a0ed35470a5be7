import type { VerificationLevel } from "@/lib/backups/schemas";
import type { JobCtx } from "@/lib/db/context";
import type { ClaimedRun, RunPlan, Step, StepCtx } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { type Attempt, beginAttempt, cleanUpAttempt, performCheck, repositoryOf } from "./attempt";
import { checksOf } from "./checks";
import { concludeAttempt } from "./conclude-attempt";
import { planScheduledVerification } from "./scheduled-plan";
import { planSelfTest } from "./self-test-plan";

interface Parameters {
  system: string;
  backup: string;
  level: VerificationLevel;
  from: string | null;
}

/** The steps of a run of kind `verification`: one attempt, a scheduled round of them, or the verifier's own test. */
export async function planVerification(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<object>> {
  if (run.parameters.selfTest === true) return planSelfTest(run);
  if (typeof run.parameters.cadence === "string") return planScheduledVerification(ctx, run);
  return planAttempt(ctx, run);
}

async function planAttempt(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<object>> {
  const { system, backup, level, from } = run.parameters as unknown as Parameters;
  const attempt = beginAttempt({ system, backup, level, from, runId: run.id });
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[system];
  const cleanUp = (cleanCtx: StepCtx) => cleanUpAttempt(cleanCtx, attempt);
  return {
    shared: {},
    steps: checksOf(level, declaration).map((check): Step<object> => ({
      ...check,
      repeatable: true,
      ephemeral: true,
      perform: (stepCtx) => performCheck(stepCtx, attempt, check),
    })),
    cleanUp: async (cleanCtx, _, ended) => {
      // What was found out stands, whatever becomes of the throw-away server.
      if (ended.state !== "aborted" && run.systemId) {
        await concludeAttempt(cleanCtx, attempt, { systemId: run.systemId, error: ended.error });
      }
      await cleanUp(cleanCtx);
    },
    letGo: cleanUp,
    result: () => resultOf(attempt),
  };
}

function resultOf(attempt: Attempt): Record<string, unknown> {
  const { request, evidence } = attempt;
  return {
    verdict: "pass",
    level: request.level,
    backupId: request.backup,
    fromRepository: repositoryOf(attempt),
    checks: evidence.map(({ key, summary, durationMs }) => ({ key, summary, durationMs })),
  };
}
