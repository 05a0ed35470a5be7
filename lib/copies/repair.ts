import type { JobCtx } from "@/lib/db/context";
import { CancelledError, HoldfastError, summarizeError } from "@/lib/kernel/errors";
import { openKnownRepository } from "@/lib/repositories";
import type { ClaimedRun, StepCtx } from "@/lib/runs";
import type { Configuration } from "@/lib/settings/schemas";
import type { CopyPlace } from "./copy-place";

/** One repair under way. */
export interface Repair {
  run: ClaimedRun;
  repository: string;
  configuration: Configuration;
  target?: CopyPlace;
  /** The others, opened when first needed; null: it does not answer. */
  sources: Map<string, CopyPlace | null>;
  mended: number;
  copiedBytes: number;
  /** What could not be mended, and why. */
  failures: { name: string; message: string }[];
}

export function requireTarget(repair: Repair): CopyPlace {
  if (!repair.target) throw new Error("the repository was not opened");
  return repair.target;
}

export function isLockDeclared(configuration: Configuration, repository: string): boolean {
  const declared = configuration.repositories[repository];
  return declared?.kind === "s3" && declared.lock !== undefined;
}

/** A repository to copy from, or null when it does not answer: said once. */
export async function openSource(ctx: StepCtx, repair: Repair, name: string): Promise<CopyPlace | null> {
  const known = repair.sources.get(name);
  if (known !== undefined) return known;
  const opened = await open(ctx, repair, name);
  repair.sources.set(name, opened);
  return opened;
}

async function open(ctx: StepCtx, repair: Repair, name: string): Promise<CopyPlace | null> {
  try {
    return {
      ...(await openKnownRepository(ctx, name)),
      runId: repair.run.id,
      signal: ctx.signal,
      isLocked: isLockDeclared(repair.configuration, name),
    };
  } catch (error) {
    if (!isOutcome(ctx, error)) throw error;
    ctx.run.say(`repository ${name} is of no help: ${summarizeError(error).message}`, "warning");
    return null;
  }
}

/** One object's own trouble, which does not end the repair of the others. */
export function isOutcome(ctx: Pick<JobCtx, "signal">, error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && !(error instanceof CancelledError) && !ctx.signal.aborted;
}

export function noteFailure(ctx: StepCtx, repair: Repair, failure: { name: string; message: string }): void {
  ctx.run.say(`${failure.name} could not be mended: ${failure.message}`, "error");
  repair.failures.push(failure);
}
