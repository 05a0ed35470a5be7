"use client";

import { formatBytes, formatCountOf, formatDuration } from "@/lib/kernel/format";
import { useZone } from "./clock";
import { formatInstant } from "./instant";
import { Cross } from "./recovery-legend";

interface ChainBarProps {
  chain: {
    startedAt: string;
    /** When the next full began; null: the chain is the newest, and goes on. */
    nextAt: string | null;
    state: string;
    proven: object | null;
    reach: { from: string; to: string } | null;
    incrementals: readonly {
      backupId: string;
      startedAt: string;
      state: string;
      sizeBytes: number | null;
      reach: { to: string } | null;
    }[];
    log: object | null;
    gaps: readonly { from: string; to: string; reason: string }[];
  };
  /** The instant of the facts: where the newest chain ends. */
  asOf: string;
}

/** A full, the increments and the log behind it, on the time from this full to the next one. */
export function ChainBar({ chain, asOf }: ChainBarProps) {
  const { zone } = useZone();
  const fromMs = Date.parse(chain.startedAt);
  const toMs = Math.max(fromMs + 1, Date.parse(chain.nextAt ?? asOf));
  const percent = (at: string) => Math.min(100, Math.max(0, ((Date.parse(at) - fromMs) / (toMs - fromMs)) * 100));
  const isMissing = chain.state !== "present";
  const reachTo = chain.reach ? percent(chain.reach.to) : 0;
  return (
    <span role="img" aria-label={describe(chain)} className="relative block h-5 overflow-hidden bg-sunken">
      {chain.reach && <i className="absolute bottom-1 left-0 h-[5px] bg-mark" style={{ width: `${reachTo}%` }} />}
      {chain.gaps.map((gap) => (
        <i
          key={gap.from}
          title={`gap of ${formatDuration(Date.parse(gap.to) - Date.parse(gap.from))}: ${gap.reason}`}
          className="absolute bottom-0.5 h-[9px] min-w-1.5 bg-bg hatch text-warning outline outline-warning"
          style={{ left: `${percent(gap.from)}%`, width: `${percent(gap.to) - percent(gap.from)}%` }}
        />
      ))}
      {chain.incrementals.map((each) => (
        <i
          key={each.backupId}
          title={describeIncrement(each, zone)}
          className="absolute bottom-1 h-2.5 w-px bg-ink-2"
          style={{ left: `${percent(each.startedAt)}%` }}
        />
      ))}
      {isMissing ? (
        <Cross title="no copy of the full here" className="absolute top-1 left-0" style={{}} />
      ) : (
        <i
          className={`absolute top-0.5 bottom-1 left-0 ${chain.proven ? "w-[3px] bg-ink-2" : "w-[5px] border border-ink-2 bg-bg"}`}
        />
      )}
    </span>
  );
}

function describeIncrement(
  { startedAt, state, sizeBytes, reach }: ChainBarProps["chain"]["incrementals"][number],
  zone: string,
): string {
  const parts = [
    `incremental ${formatInstant(Date.parse(startedAt), "day-minute", zone)}`,
    state,
    sizeBytes === null ? null : formatBytes(sizeBytes),
    reach ? `reaches ${formatInstant(Date.parse(reach.to), "day-time", zone)}` : null,
  ];
  return parts.filter(Boolean).join(", ");
}

/** The same in words. */
function describe(chain: ChainBarProps["chain"]): string {
  const parts = [
    `full, ${chain.state === "present" ? (chain.proven ? "proven" : "not proven yet") : "no copy here"}`,
    chain.incrementals.length > 0 ? formatCountOf(chain.incrementals.length, "increment") : null,
    chain.reach
      ? `${chain.log ? "log for" : "reaches"} ${formatDuration(Date.parse(chain.reach.to) - Date.parse(chain.startedAt))}`
      : "reaches nothing",
    ...chain.gaps.map((gap) => `gap of ${formatDuration(Date.parse(gap.to) - Date.parse(gap.from))}`),
  ];
  return parts.filter(Boolean).join(", ");
}

export function ChainLegend() {
  return (
    <ul
      aria-label="Legend"
      className="flex flex-wrap items-center gap-x-3 gap-y-1 text-12 text-ink-2 [&>li]:inline-flex [&>li]:items-center [&>li]:gap-1.5"
    >
      <li>
        <i className="h-3 w-[3px] bg-ink-2" /> full, proven
      </li>
      <li>
        <i className="h-3 w-[5px] border border-ink-2 bg-bg" /> not proven yet
      </li>
      <li>
        <i className="h-2.5 w-px bg-ink-2" /> incremental
      </li>
      <li>
        <i className="h-[5px] w-4 bg-mark" /> log
      </li>
      <li>
        <i className="h-2.5 w-4 hatch text-warning outline outline-warning" /> gap
      </li>
    </ul>
  );
}
