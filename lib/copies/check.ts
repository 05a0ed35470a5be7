import { sha256 } from "@/lib/kernel/crypto";
import { EngineError } from "@/lib/kernel/errors";
import { formatCountOf } from "@/lib/kernel/format";
import type { ClaimedRun, StepCtx } from "@/lib/runs";
import type { CopyPlace, Judgement } from "./copy-place";

/** One check under way: what its steps hand to each other. */
export interface Check {
  run: ClaimedRun;
  repository: string;
  /** `fresh`: all of what nobody has looked at since it was written, and nothing else. */
  read: "share" | "all" | "fresh";
  place?: CopyPlace;
  /** Of the stored bytes that are read, from 0 to 1. */
  share: number;
  looked: number;
  total: number;
  readBytes: number;
  /** Names of what the store could not tell: nothing is recorded of it. */
  unanswered: Map<string, EngineError>;
  result?: Record<string, unknown>;
}

/** So much is read of a repository in a check that does not read all, on average: a chosen object is read to its end. */
export const SHARE_BYTES = 2 ** 30;
/** At a time. */
export const PARALLEL = 8;
/** A store that cannot tell so many is not asked any more. */
const UNANSWERED_MAX = 20;

/** A check at its begin, as its run describes it. */
export function beginCheck(run: ClaimedRun): Check {
  const { repository, read } = run.parameters as Pick<Check, "repository" | "read">;
  return { run, repository, read, share: 0, looked: 0, total: 0, readBytes: 0, unanswered: new Map() };
}

/** @throws EngineError when something could not be asked: a check that saw half of it is no check */
export function assertAllAnswered({ unanswered }: Check): void {
  const [first] = unanswered;
  if (!first) return;
  const [name, error] = first;
  throw new EngineError(
    `${formatCountOf(unanswered.size, "object")} could not be looked at, first ${name}: ${error.message}`,
    { engine: "object-store", operation: "check", permanent: false, hint: error.hint ?? "Does the store answer?" },
  );
}

export function requirePlace(check: Check): CopyPlace {
  if (!check.place) throw new Error("the repository was not opened");
  return check.place;
}

/** Whether an object is of the random share: by its name and the run, so that a run that was taken over draws the same. */
export function isDrawn(check: Pick<Check, "share" | "run">, key: string): boolean {
  if (check.share >= 1) return true;
  const draw = Number.parseInt(sha256(`${check.run.id} ${key}`).slice(0, 8), 16) / 2 ** 32;
  return draw < check.share;
}

/**
 * Looks at one thing. Only what the store answered is a finding: where it could not be asked, nothing is known, the
 * rest is looked at all the same, and the run fails at its end.
 */
export async function lookAt(
  ctx: StepCtx,
  check: Check,
  { name, judge }: { name: string; judge: () => Promise<Judgement> },
): Promise<Judgement | null> {
  if (check.unanswered.has(name)) return null;
  try {
    const judgement = await judge();
    check.looked += 1;
    if (judgement.state === "present") check.readBytes += judgement.readBytes;
    else ctx.run.say(`${name}: ${judgement.state}: ${judgement.error}`, "error");
    ctx.run.progress({ done: Math.min(check.looked, check.total), total: check.total, unit: "checks" });
    return judgement;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    check.unanswered.set(name, error);
    ctx.run.say(`${name} could not be looked at: ${error.message}`, "warning");
    if (check.unanswered.size >= UNANSWERED_MAX) throw error;
    return null;
  }
}
