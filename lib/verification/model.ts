import type { VerificationLevel, Verdict } from "@/lib/backups/schemas";
import type { ErrorCode } from "@/lib/kernel/errors";
import type { FindingKind, VerifierState } from "./schemas";

/* Pure rules of verification: what a failure proves, what size is expected, when a finding is due. */

/**
 * Whose fault a failed attempt is. A backup is bad only when its own bytes or content said so. What fails for a reason of
 * our own (a defect, a declared question that cannot be asked of data that was just proven equal) is the verifier's;
 * anything else (no space, no port, a missing tool or key, a store that is away) happened around it, and proves nothing.
 */
export function judgeFailure(failure: { code: ErrorCode; check: string | null }): Verdict {
  if (failure.code === "DAMAGED") return "backup-bad";
  if (failure.code === "INTERNAL" || failure.code === "VALIDATION") return "verifier-bad";
  if (failure.code === "ENGINE" && failure.check === "queries") return "verifier-bad";
  return "environment-failed";
}

/** Earlier runs that a band is taken from, and how few are too few to know one. */
export const BAND_RUNS = 10;
export const BAND_RUNS_MIN = 3;
/** What a steady system may grow or shrink by from one backup to the next. */
const BAND_SHARE = 0.5;
/** Spread of the earlier runs themselves that is still expected. */
const BAND_SPREADS = 4;

export interface Band {
  low: number;
  high: number;
}

/**
 * Where a figure of the next backup is expected after those of the last runs: around their median, as far as half of it
 * or four times their own spread. Null where too few are known: then nothing is expected, and nothing exceeded.
 */
export function expectedBand(earlier: readonly number[]): Band | null {
  const values = earlier.slice(0, BAND_RUNS);
  if (values.length < BAND_RUNS_MIN) return null;
  const median = medianOf(values);
  const spread = medianOf(values.map((value) => Math.abs(value - median)));
  const width = Math.max(median * BAND_SHARE, spread * BAND_SPREADS);
  return { low: Math.max(0, median - width), high: median + width };
}

/** Which side of its band a figure lies on; null inside it, or where no band is known. */
export function bandSide(value: number, band: Band | null): "below" | "above" | null {
  if (!band) return null;
  if (value < band.low) return "below";
  return value > band.high ? "above" : null;
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2;
}

const HOUR_MS = 3_600_000;
/** A backup that does not restore, or a verifier that does not see it, waits a day at most; what is only odd a week. */
const DUE_HOURS: Record<FindingKind, number> = {
  verdict: 24,
  "self-test": 24,
  copy: 24,
  rows: 72,
  size: 168,
  lossy: 168,
  reported: 168,
};

/** When a finding of a kind is to be closed. */
export function dueOf(kind: FindingKind, openedAt: Date): Date {
  return new Date(openedAt.getTime() + DUE_HOURS[kind] * HOUR_MS);
}

/** Lossy items that the backup before did not have. */
export function newItems(now: readonly string[], before: readonly string[]): string[] {
  return now.filter((item) => !before.includes(item));
}

/** The highest level that a weekly verification can reach: what is not declared cannot be tried. */
export function weeklyLevel(declared: { hasApplication: boolean; hasLog: boolean }): VerificationLevel {
  if (declared.hasApplication) return "application";
  return declared.hasLog ? "replay" : "restore";
}

/** A verifier that was not tried for two of its weeks is unknown again. */
const TESTED_MS_MAX = 14 * 24 * HOUR_MS;

/** What is known of the verifier itself, from its newest test that ended. */
export function judgeVerifier(newest: { state: string; endedAt: Date | null } | null, now: Date): VerifierState {
  if (!newest?.endedAt) return "unknown";
  if (newest.state === "broken" || newest.state === "failed") return newest.state;
  return now.getTime() - newest.endedAt.getTime() > TESTED_MS_MAX ? "unknown" : "passed";
}
