"use client";

import { useZone } from "@/components/patterns/clock";
import { formatInstant } from "@/components/patterns/instant";
import type { HistogramView } from "@/lib/audit/schemas";

interface HistogramProps {
  data: HistogramView | undefined;
  onRange: (from: string, to: string) => void;
}

const DAY_SECONDS = 86_400;

/** Events over time; the darker part is high and critical. A click on a bar narrows the question to it. */
export function Histogram({ data, onRange }: HistogramProps) {
  const { zone } = useZone();
  if (!data || data.buckets.length === 0)
    return <div className="mx-4 h-[74px] border-b border-line phone:mx-3 tall:h-[106px]" />;
  const totals = data.buckets.map(({ counts }) => counts.info + counts.warning + counts.high + counts.critical);
  const highest = Math.max(1, ...totals);
  const sum = totals.reduce((one, other) => one + other, 0);
  const labels = Array.from({ length: 6 }, (_, index) => Math.round((index / 6) * data.buckets.length)).filter(
    (index) => index < data.buckets.length * 0.82,
  );
  const form =
    data.bucketSeconds >= DAY_SECONDS / 4
      ? "day"
      : data.buckets.length * data.bucketSeconds > DAY_SECONDS
        ? "day-minute"
        : "minute";
  return (
    <section aria-label="Events over time" className="border-b border-line px-4 phone:px-3">
      <div className="flex h-14 items-end gap-px border-b border-line-2 tall:h-[88px]">
        {data.buckets.map((bucket, index) => {
          const total = totals[index] ?? 0;
          const grave = bucket.counts.high + bucket.counts.critical;
          const end = new Date(Date.parse(bucket.at) + data.bucketSeconds * 1_000).toISOString();
          const words = `${formatInstant(Date.parse(bucket.at), "day-minute", zone)}: ${total} events${grave > 0 ? `, ${grave} high or critical` : ""}`;
          return (
            <button
              key={bucket.at}
              type="button"
              tabIndex={-1}
              aria-label={words}
              title={words}
              disabled={total === 0}
              className="group flex h-full min-w-0 flex-1 flex-col justify-end hover:bg-hover disabled:hover:bg-transparent"
              onClick={() => onRange(bucket.at, end)}
            >
              <span
                className="bg-mark group-hover:bg-ink-3"
                style={{ height: `${((total - grave) / highest) * 88}%` }}
              />
              <span className="bg-ink" style={{ height: `${(grave / highest) * 88}%` }} />
            </button>
          );
        })}
      </div>
      <div aria-hidden="true" className="relative h-[18px] text-11 text-ink-3">
        {labels.map((index) => {
          const bucket = data.buckets[index];
          return (
            bucket && (
              <span
                key={index}
                className="absolute top-px whitespace-nowrap phone:odd:hidden"
                style={{ left: `${(index / data.buckets.length) * 100}%` }}
              >
                {formatInstant(Date.parse(bucket.at), form, zone)}
              </span>
            )
          );
        })}
        <span className="absolute top-px right-0 bg-bg pl-2">{formatInstant(Date.parse(data.to), form, zone)}</span>
      </div>
      <p className="sr-only">{sum} events</p>
    </section>
  );
}
