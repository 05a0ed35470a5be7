import type { Verdict } from "@/lib/backups/schemas";
import { type ErrorSummary, summarizeError } from "@/lib/kernel/errors";
import type { StepCtx } from "@/lib/runs";
import type { SystemDeclaration } from "@/lib/settings/schemas";
import { type Attempt, type AttemptRequest, beginAttempt, cleanUpAttempt, performCheck, repositoryOf } from "./attempt";
import { checksOf } from "./checks";
import { concludeAttempt } from "./conclude-attempt";

export interface Proof {
  verdict: Verdict;
  repository: string | null;
  error: string | null;
}

/**
 * One whole attempt inside a step: its verdict is stored, and nothing of it is left. A verdict is an outcome, whatever it
 * is; only a stop of the run itself is thrown.
 */
export async function proveBackup(
  ctx: StepCtx,
  request: AttemptRequest,
  system: { id: string; declaration: SystemDeclaration },
): Promise<Proof> {
  const attempt = beginAttempt(request);
  const failure = await performAll(ctx, attempt, system.declaration);
  try {
    if (ctx.signal.aborted) throw failure;
    const error = failure === undefined ? undefined : tell(ctx, failure);
    const verdict = await concludeAttempt(ctx, attempt, { systemId: system.id, error });
    return { verdict, repository: repositoryOf(attempt) ?? request.from, error: error?.message ?? null };
  } finally {
    await cleanUpAttempt(ctx, attempt);
  }
}

/** The first check's failure, or undefined. */
async function performAll(ctx: StepCtx, attempt: Attempt, declaration: SystemDeclaration): Promise<unknown> {
  try {
    for (const check of checksOf(attempt.request.level, declaration)) {
      ctx.signal.throwIfAborted();
      const { summary } = await performCheck(ctx, attempt, check);
      ctx.run.say(`${check.title}: ${summary}`);
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

function tell(ctx: StepCtx, failure: unknown): ErrorSummary {
  const error = summarizeError(failure);
  ctx.run.say(error.hint ? `${error.message}. ${error.hint}` : error.message, "error");
  if (error.code === "INTERNAL") ctx.log.error({ err: failure, runId: ctx.run.id }, "a check failed unexpectedly");
  return error;
}
