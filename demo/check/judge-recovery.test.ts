import { describe, expect, it } from "vitest";
import { judgeRecovery, type RecoveryFacts } from "./judge-recovery";

const proven: RecoveryFacts = {
  witness: {
    acknowledgedWrites: 500,
    recoveredWrites: 440,
    lostWrites: 60,
    newestRecovered: { token: "t", acknowledgedAt: 1 },
    rpoActualSeconds: 3.1,
    hole: null,
  },
  rpoReportedSeconds: 3.2,
  rtoReportedSeconds: 14,
  rtoActualSeconds: 14.2,
  fromRepository: "secondary",
  failure: null,
};
const withWitness = (change: Partial<NonNullable<RecoveryFacts["witness"]>>): RecoveryFacts => ({
  ...proven,
  witness: proven.witness && { ...proven.witness, ...change },
});

describe("a checked recovery", () => {
  it("is proven by the witness, from the secondary, within the limits", () => {
    expect(judgeRecovery(proven)).toEqual({
      ok: true,
      acknowledgedWrites: 500,
      recoveredWrites: 440,
      lostWrites: 60,
      rpoActualSeconds: 3.1,
      rpoReportedSeconds: 3.2,
      rtoActualSeconds: 14.2,
      rtoReportedSeconds: 14,
      fromRepository: "secondary",
      reasons: [],
    });
  });

  it.each<[string, RecoveryFacts, RegExp]>([
    ["a write is missing before the tail", withWitness({ hole: "a hole is not a tail" }), /a hole/],
    ["nothing was written", withWitness({ acknowledgedWrites: 0 }), /no write was acknowledged/],
    ["it came from the primary repository", { ...proven, fromRepository: "primary" }, /not from the secondary/],
    ["the shop took no order again", { ...proven, rtoActualSeconds: null }, /took no order/],
    [
      "more than 10 s were lost",
      { ...withWitness({ rpoActualSeconds: 10.01 }), rpoReportedSeconds: 10 },
      /more than 10 s/,
    ],
    ["the report flatters by more than 1 s", { ...proven, rpoReportedSeconds: 2.09 }, /differs from the actual/],
    ["the report exaggerates by more than 1 s", { ...proven, rpoReportedSeconds: 4.11 }, /differs from the actual/],
    ["nothing was reported", { ...proven, rpoReportedSeconds: null }, /not measured on both sides/],
    ["nothing came back", withWitness({ rpoActualSeconds: null }), /not measured on both sides/],
    ["the witness saw nothing", { ...proven, witness: null }, /could not look/],
    ["the recovery failed", { ...proven, failure: "the recovery ended as failed" }, /ended as failed/],
  ])("is not proven when %s", (_when, facts, reason) => {
    const report = judgeRecovery(facts);
    expect(report.ok).toBe(false);
    expect(report.reasons.join("; ")).toMatch(reason);
  });
});
