import type { DurationForecast } from "./schemas";

/** Steps whose time follows from bytes: what each works on. */
export const BYTE_STEPS = ["fetch", "load", "replay"] as const;
export type ByteStep = (typeof BYTE_STEPS)[number];

/** A step of an earlier run that succeeded. */
export interface MeasuredStep {
  runId: string;
  key: string;
  seconds: number;
  /** That it worked on; null where it tells none. */
  bytes: number | null;
  endedAt: Date;
}

/** Bytes that each step of the restore will work on. */
export type Work = Record<ByteStep, number>;

/**
 * How long a restore will take: for each step its bytes at the rates that earlier runs measured, and the other steps as
 * long as they took. The middle is the median; the range goes from the fastest to the slowest of each step.
 * @returns null when no run has loaded data yet: then nothing is known
 */
export function forecastDuration(work: Work, measured: readonly MeasuredStep[]): DurationForecast | null {
  const loads = measured.filter((step) => step.key === "load" && isRate(step));
  const newest = loads.reduce<Date | null>((at, step) => (at && at > step.endedAt ? at : step.endedAt), null);
  if (!newest) return null;
  const spans = [...Map.groupBy(measured, (step) => step.key)].map(([key, steps]) => spanOf(key, steps, work));
  const sum = (of: (span: Span) => number) => spans.reduce((total, span) => total + of(span), 0);
  return {
    seconds: sum((span) => span.middle),
    secondsRange: [sum((span) => span.least), sum((span) => span.most)],
    samples: new Set(loads.map((step) => step.runId)).size,
    newestAt: newest.toISOString(),
  };
}

interface Span {
  least: number;
  middle: number;
  most: number;
}

const isByteStep = (key: string): key is ByteStep => (BYTE_STEPS as readonly string[]).includes(key);
const isRate = (step: MeasuredStep) => step.bytes !== null && step.bytes > 0 && step.seconds > 0;

function spanOf(key: string, steps: readonly MeasuredStep[], work: Work): Span {
  const seconds = isByteStep(key)
    ? steps.filter(isRate).map((step) => (step.seconds / (step.bytes ?? 1)) * work[key])
    : steps.map((step) => step.seconds);
  const sorted = seconds.sort((a, b) => a - b);
  return {
    least: sorted[0] ?? 0,
    middle: medianOf(sorted),
    most: sorted.at(-1) ?? 0,
  };
}

function medianOf(sorted: readonly number[]): number {
  const below = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  const above = sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0;
  return (below + above) / 2;
}
