interface AxisStep {
  id: string;
  state: string;
  estimateSeconds: number | null;
  startedAt: string | null;
  endedAt: string | null;
  isExercised: boolean;
}

export interface Bar {
  /** Milliseconds of the epoch, then lengths in milliseconds. */
  from: number;
  actual: number;
  estimate: number | null;
}

export interface Axis {
  startMs: number;
  endMs: number;
  bars: Map<string, Bar>;
}

interface Span {
  startMs: number;
  nowMs: number;
  /** Nothing is to come any more. */
  isEnded: boolean;
}

/** What has passed takes at least this share of the axis, however long the estimates of the rest are. */
const PAST_SHARE = 0.4;

/** A step that has begun lies where it was. */
function placeBegun(step: AxisStep & { startedAt: string }, nowMs: number): Bar {
  const from = Date.parse(step.startedAt);
  const until = step.endedAt ? Date.parse(step.endedAt) : nowMs;
  return { from, actual: Math.max(0, until - from), estimate: estimateOf(step) };
}

function estimateOf(step: AxisStep): number | null {
  return step.estimateSeconds === null ? null : step.estimateSeconds * 1_000;
}

const hasBegun = (step: AxisStep): step is AxisStep & { startedAt: string } => step.startedAt !== null;
const isToCome = (step: AxisStep): boolean => step.state === "pending" && step.isExercised;

/** Places every step: what has begun where it was, what is to come one after the other by its estimate. */
export function layOut(steps: readonly AxisStep[], { startMs, nowMs, isEnded }: Span): Axis {
  const bars = new Map<string, Bar>();
  let next = nowMs;
  for (const step of steps) {
    if (hasBegun(step)) {
      const bar = placeBegun(step, nowMs);
      bars.set(step.id, bar);
      if (!step.endedAt) next = Math.max(nowMs, bar.from + (bar.estimate ?? 0));
    } else if (isToCome(step) && !isEnded) {
      const estimate = estimateOf(step) ?? 0;
      bars.set(step.id, { from: next, actual: 0, estimate });
      next += estimate;
    }
  }
  const widest = startMs + Math.max((nowMs - startMs) / PAST_SHARE, 30_000);
  const endMs = isEnded ? nowMs : Math.min(next, widest);
  return { startMs, endMs: Math.max(endMs, startMs + 5_000), bars };
}

const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 86_400].map(
  (s) => s * 1_000,
);

/** At most five round times on the axis. */
export function ticksOf({ startMs, endMs }: Axis): number[] {
  const step = STEPS_MS.find((ms) => (endMs - startMs) / ms <= 5) ?? 86_400_000;
  const first = Math.ceil(startMs / step) * step;
  return Array.from({ length: Math.floor((endMs - first) / step) + 1 }, (_, index) => first + index * step);
}
