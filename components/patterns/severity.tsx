const RANKS = ["info", "warning", "high", "critical"] as const;
export type SeverityName = (typeof RANKS)[number];
const HEIGHTS = ["h-1", "h-1.5", "h-2", "h-2.5"];

/** Four bars of ink, not a status colour: an old critical event is not failing now. */
export function Severity({ value }: { value: SeverityName }) {
  const rank = RANKS.indexOf(value);
  return (
    <span role="img" aria-label={value} title={value} className="inline-flex h-2.5 items-end gap-px">
      {RANKS.map((name, index) => (
        <span key={name} className={`w-[3px] ${HEIGHTS[index] ?? ""} ${index <= rank ? "bg-ink-2" : "bg-line-2"}`} />
      ))}
    </span>
  );
}
