import { CancelledError, type ErrorSummary, HoldfastError, summarizeError } from "@/lib/kernel/errors";
import { type OpenRepository, openRepository } from "@/lib/repositories";
import type { StepCtx, StepOutcome } from "@/lib/runs";

/** Where a backup goes, and which of its repositories have dropped out, and why. */
export interface BackupTargets {
  repositories: OpenRepository[];
  failures: Map<string, ErrorSummary>;
}

/** Opens the declared repositories; one that cannot be opened drops out. @throws the last one's failure when none can */
export async function openRepositories(
  ctx: StepCtx,
  targets: BackupTargets,
  names: readonly string[],
): Promise<StepOutcome> {
  let lastError: unknown;
  for (const name of names) {
    try {
      targets.repositories.push(await openRepository(ctx, name));
    } catch (error) {
      lastError = error;
      const failure = describeFailure(error);
      ctx.run.say(`repository ${name}: ${failure.message}`, "error");
      targets.failures.set(name, failure);
    }
  }
  if (targets.repositories.length === 0) throw lastError;
  return { summary: `${targets.repositories.map(({ name }) => name).join(", ")} of ${names.length} declared` };
}

/** One repository's own trouble, a missing variable or a damaged identity included, is no reason not to back up to the others. */
function describeFailure(error: unknown): ErrorSummary {
  if (error instanceof HoldfastError && !(error instanceof CancelledError)) return summarizeError(error);
  throw error;
}
