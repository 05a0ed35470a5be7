interface BulletProps {
  /** Both in the same unit; null: not known, and then nothing is drawn but the target. */
  actual: number | null;
  target: number;
  /** Where it is expected to end: a dotted tick, never a colour. */
  forecast?: number | null;
  /** The sentence that a screen reader says. */
  label: string;
  className?: string;
}

/** The target stands at two thirds, so that the eye can compare rows of different scales. */
const TARGET_PERCENT = 66.66;

/** Actual against target. Only what lies beyond the target is coloured. */
export function Bullet({ actual, target, forecast = null, label, className = "" }: BulletProps) {
  const percent = (value: number) => Math.min(100, (value / Math.max(target, 0.001)) * TARGET_PERCENT);
  const reached = actual === null ? null : percent(actual);
  return (
    <span role="img" aria-label={label} className={`relative block h-1.5 rounded-[1px] bg-track ${className}`}>
      {reached !== null && (
        <span
          className="absolute inset-y-0 left-0 min-w-0.5 rounded-l-[1px] bg-mark"
          style={{ width: `${Math.min(reached, TARGET_PERCENT)}%` }}
        />
      )}
      {reached !== null && reached > TARGET_PERCENT && (
        <span
          className="absolute inset-y-0 bg-warning"
          style={{ left: `${TARGET_PERCENT}%`, right: `${100 - reached}%` }}
        />
      )}
      {forecast !== null && (
        <span
          className="absolute -inset-y-0.5 w-0 border-l-[1.5px] border-dotted border-ink-2"
          style={{ left: `${percent(forecast)}%` }}
        />
      )}
      <span className="absolute -inset-y-[3px] w-px bg-ink" style={{ left: `${TARGET_PERCENT}%` }} />
    </span>
  );
}
