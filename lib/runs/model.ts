import type { Progress, RunState, StepState } from "./schemas";

/** Which state may follow which: a run ends once. */
export const RUN_TRANSITIONS: Record<RunState, readonly RunState[]> = {
  queued: ["running", "aborted", "failed"],
  running: ["waiting", "succeeded", "failed", "aborted", "running"],
  waiting: ["queued", "aborted", "failed"],
  succeeded: [],
  failed: [],
  aborted: [],
};

/** The states from which a state may be reached: the `where` of a conditional update. */
export function statesBefore(state: RunState): RunState[] {
  return (Object.keys(RUN_TRANSITIONS) as RunState[]).filter((from) => RUN_TRANSITIONS[from].includes(state));
}

export interface StoredStep {
  key: string;
  state: StepState;
  repeatable: boolean;
  /** Its effect lives in the runner's process (a throw-away server): gone when the runner is gone. */
  ephemeral: boolean;
  /** Makes the effect of all steps before it outlive the runner. */
  settling: boolean;
}

export type TakeOver =
  | { kind: "continue"; resetFrom: number | null }
  /** A step began, nobody knows whether it took effect, and it must not happen twice. */
  | { kind: "ask"; step: number };

/**
 * What a runner does with the steps of a run whose runner died. Steps whose effect died with it are carried out
 * again, and everything after them; a step that began and may not be repeated waits for an operator.
 */
export function planTakeOver(steps: readonly StoredStep[]): TakeOver {
  const unclear = steps.findIndex((step) => isBegun(step.state) && (!step.repeatable || step.state === "waiting"));
  if (unclear !== -1) return { kind: "ask", step: unclear };
  const begun = steps.findIndex((step) => isBegun(step.state));
  // A settling step that an operator skipped was settled by hand: what was recovered must not be recovered over it.
  const settled = steps.findLastIndex((step) => step.settling && isDone(step.state));
  const lost = steps.findIndex(
    (step, index) => index > settled && step.ephemeral && (step.state === "succeeded" || isBegun(step.state)),
  );
  const from = lost === -1 ? begun : begun === -1 ? lost : Math.min(lost, begun);
  if (from === -1) return { kind: "continue", resetFrom: null };
  const blocked = steps.findIndex((step, index) => index >= from && step.state === "succeeded" && !step.repeatable);
  return blocked === -1 ? { kind: "continue", resetFrom: from } : { kind: "ask", step: blocked };
}

/**
 * A step that took effect, or half of it, or not at all. In a run that goes on, `aborted` means that its runner was
 * stopped in the middle of it, and `failed` that the runner died before it could end the run.
 */
function isBegun(state: StepState): boolean {
  return state === "running" || state === "aborted" || state === "failed" || state === "waiting";
}

function isDone(state: StepState): boolean {
  return state === "succeeded" || state === "skipped";
}

/** Rate over the whole step and the time left at that rate; unknown in the first half second. */
export function measureProgress(
  { isTotalExpected = false, ...told }: Omit<Progress, "ratePerSecond" | "secondsLeft">,
  elapsedMs: number,
): Progress {
  // An expectation that is passed was wrong: from here on the end is not known.
  const isPassed = isTotalExpected && told.total !== null && told.done >= told.total;
  const total = isPassed ? null : told.total;
  const facts = { ...told, total, ...(isTotalExpected && total !== null ? { isTotalExpected } : {}) };
  const ratePerSecond = elapsedMs >= 500 && facts.done > 0 ? (facts.done * 1_000) / elapsedMs : null;
  const secondsLeft =
    ratePerSecond !== null && facts.total !== null ? Math.max(0, facts.total - facts.done) / ratePerSecond : null;
  return { ...facts, ratePerSecond, secondsLeft };
}
