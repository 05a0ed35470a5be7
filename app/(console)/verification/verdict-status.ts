import type { Tone } from "@/components/patterns/status";
import type { Verdict } from "@/lib/backups/schemas";
import type { PlantResult, VerifierState } from "@/lib/verification/schemas";

export const VERDICT_TONE: Record<Verdict, Tone> = {
  pass: "ok",
  "backup-bad": "failed",
  "verifier-bad": "warning",
  "environment-failed": "warning",
};

export const VERDICT_WORD: Record<Verdict, string> = {
  pass: "Passed",
  "backup-bad": "Backup bad",
  "verifier-bad": "Verifier bad",
  "environment-failed": "Environment failed",
};

/** The one that must be looked at first comes first. */
export const VERDICTS_BY_GRAVITY: readonly Verdict[] = ["backup-bad", "verifier-bad", "environment-failed", "pass"];

export const VERIFIER_TONE: Record<VerifierState, Tone> = {
  passed: "ok",
  broken: "failed",
  failed: "warning",
  running: "running",
  unknown: "unknown",
};

export const VERIFIER_WORD: Record<VerifierState, string> = {
  passed: "Sees broken backups",
  broken: "Verifier broken",
  failed: "Could not be tested",
  running: "First test",
  unknown: "Not tested",
};

type Outcome = PlantResult["levels"]["object"];

export const OUTCOME_TONE: Record<Outcome, Tone> = {
  caught: "ok",
  "passed-good": "ok",
  missed: "failed",
  "refused-good": "failed",
  "not-tried": "idle",
};

export const OUTCOME_WORD: Record<Outcome, string> = {
  caught: "caught",
  "passed-good": "passed",
  missed: "missed",
  "refused-good": "refused",
  "not-tried": "not tried",
};
