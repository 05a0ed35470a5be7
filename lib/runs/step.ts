import type { JobCtx } from "@/lib/db/context";
import type { ErrorSummary } from "@/lib/kernel/errors";
import type { LogLevel, Progress } from "./schemas";

/** What came out of a step; kept with it as JSON. `summary` is the one line that people see. */
export interface StepOutcome {
  summary: string;
  [fact: string]: unknown;
}

/** What a step gets: the ctx with a signal that ends with the run, and a way to tell what happens. */
export interface StepCtx extends JobCtx {
  run: RunHandle;
}

export interface RunHandle {
  id: string;
  /** One line for the operators. Never a secret, never row data. */
  say(message: string, level?: LogLevel): void;
  progress(facts: ProgressFacts): void;
}

/** How far a step is. Rate and time left are measured from it. */
export type ProgressFacts = Pick<Progress, "done" | "total" | "unit" | "isTotalExpected">;

/** One step of a plan. `Shared` is what the steps hand to each other within one process. */
export interface Step<Shared> {
  key: string;
  title: string;
  /** Engine or person that does it, for the list. */
  owner?: string;
  /** From the runbook; never mixed with what was measured. */
  estimateSeconds?: number;
  /** Whether it may be carried out again when nobody knows whether it took effect. */
  repeatable: boolean;
  /** Its effect dies with the runner's process. */
  ephemeral?: boolean;
  /** Makes the effect of all steps before it outlive the runner: a take-over goes on after it. */
  settling?: boolean;
  /** false: a drill leaves it out, and the report says so. */
  exercised?: boolean;
  perform(ctx: StepCtx, shared: Shared): Promise<StepOutcome>;
}

export interface RunEnd {
  state: "succeeded" | "failed" | "aborted";
  /** Why it failed. */
  error?: ErrorSummary;
}

export interface RunPlan<Shared> {
  steps: readonly Step<Shared>[];
  shared: Shared;
  /** Carried out however the run ends: nothing half-done may look whole. When it fails, the run did not succeed. */
  cleanUp?: (ctx: StepCtx, shared: Shared, ended: RunEnd) => Promise<void>;
  /** Carried out instead when this process stops before the run's end: frees what it holds, and stores nothing. */
  letGo?: (ctx: StepCtx, shared: Shared) => Promise<void>;
  /** What the run's answer is; kept as `result`. */
  result?: (shared: Shared) => Record<string, unknown>;
}
