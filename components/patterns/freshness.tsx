"use client";

import { formatAge } from "@/lib/kernel/format";
import { useNowText, useZone } from "./clock";
import { formatInstant } from "./instant";

interface FreshnessProps {
  /** When the facts on the page were last confirmed, in milliseconds of the console's clock. */
  factsAt: number | null;
  /** Whether the last attempt to get newer ones failed. */
  isFailing: boolean;
}

const STALE_MS = 15_000;

/** How old the page's facts are. "Live" is a run's mode, so this never says it. */
export function Freshness({ factsAt, isFailing }: FreshnessProps) {
  const { zone } = useZone();
  const text = useNowText((now) => {
    if (factsAt === null) return "unknown|No facts yet";
    const age = now - factsAt;
    if (age > STALE_MS) return `stale|stale since ${formatInstant(factsAt, "minute", zone)}`;
    return isFailing ? "reconnecting|reconnecting" : `fresh|${formatAge(age)}`;
  });
  const [state, words] = text.split("|", 2);
  return (
    <span
      role="status"
      aria-live={state === "fresh" ? "off" : "polite"}
      title={state === "fresh" ? `Facts are ${words ?? ""} old` : words}
      className="inline-flex items-center gap-1.5 text-12 whitespace-nowrap text-ink-2"
    >
      <Dot state={state ?? "unknown"} />
      {state === "fresh" ? (
        <span>
          Fresh <span className="text-ink-3">{words}</span>
        </span>
      ) : (
        <span className={state === "stale" ? "font-medium text-ink" : ""}>{words}</span>
      )}
    </span>
  );
}

function Dot({ state }: { state: string }) {
  const look: Record<string, string> = {
    fresh: "rounded-full bg-ok",
    reconnecting: "rounded-full border-[1.5px] border-warning",
    stale: "rotate-45 bg-warning",
  };
  return <i aria-hidden="true" className={`size-[7px] ${look[state] ?? "rounded-full border border-idle"}`} />;
}
