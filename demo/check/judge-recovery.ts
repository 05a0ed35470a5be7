import type { WitnessReport } from "../witness";

export interface RecoveryFacts {
  witness: WitnessReport | null;
  /** disruptionAt − newest heartbeat in the recovered data, as Holdfast tells it. */
  rpoReportedSeconds: number | null;
  rtoReportedSeconds: number | null;
  /** From the disruption to the first order that the shop acknowledged again, as the witness saw it. */
  rtoActualSeconds: number | null;
  fromRepository: string | null;
  /** What stopped the check before its end. */
  failure: string | null;
}

/** The contract's answer of `demo --check --json`, and what is beside it. */
export interface CheckReport {
  ok: boolean;
  acknowledgedWrites: number;
  recoveredWrites: number;
  lostWrites: number;
  rpoActualSeconds: number | null;
  rpoReportedSeconds: number | null;
  rtoActualSeconds: number | null;
  rtoReportedSeconds: number | null;
  fromRepository: string | null;
  /** Why it is not proven; empty when it is. */
  reasons: string[];
}

/** What was reported may differ from what the witness saw by this. */
const DIFFERENCE_SECONDS_MAX = 1;
/** At a shipping interval of 5 s. */
const RPO_SECONDS_MAX = 10;

function findReasons(facts: RecoveryFacts): string[] {
  const { witness, rpoReportedSeconds } = facts;
  if (facts.failure !== null) return [facts.failure];
  if (witness === null) return ["the witness could not look at the recovered server"];
  const reasons: string[] = [];
  if (witness.acknowledgedWrites === 0) reasons.push("no write was acknowledged before the disaster");
  if (witness.hole !== null) reasons.push(witness.hole);
  if (facts.fromRepository !== "secondary")
    reasons.push(`recovered from "${facts.fromRepository ?? "nowhere"}", not from the secondary repository`);
  if (facts.rtoActualSeconds === null) reasons.push("the shop took no order after the recovery");
  const actual = witness.rpoActualSeconds;
  if (actual === null || rpoReportedSeconds === null) return [...reasons, "the RPO was not measured on both sides"];
  if (actual > RPO_SECONDS_MAX)
    reasons.push(`the RPO actual is ${actual.toFixed(2)} s, more than ${RPO_SECONDS_MAX} s`);
  if (Math.abs(actual - rpoReportedSeconds) > DIFFERENCE_SECONDS_MAX) {
    reasons.push(
      `the reported RPO of ${rpoReportedSeconds.toFixed(2)} s differs from the actual ${actual.toFixed(2)} s by more than ${DIFFERENCE_SECONDS_MAX} s`,
    );
  }
  return reasons;
}

/** Whether a recovery is proven: by the witness's formula, and by what was reported beside it. */
export function judgeRecovery(facts: RecoveryFacts): CheckReport {
  const reasons = findReasons(facts);
  return {
    ok: reasons.length === 0,
    acknowledgedWrites: facts.witness?.acknowledgedWrites ?? 0,
    recoveredWrites: facts.witness?.recoveredWrites ?? 0,
    lostWrites: facts.witness?.lostWrites ?? 0,
    rpoActualSeconds: facts.witness?.rpoActualSeconds ?? null,
    rpoReportedSeconds: facts.rpoReportedSeconds,
    rtoActualSeconds: facts.rtoActualSeconds,
    rtoReportedSeconds: facts.rtoReportedSeconds,
    fromRepository: facts.fromRepository,
    reasons,
  };
}
