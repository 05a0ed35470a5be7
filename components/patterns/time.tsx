"use client";

import { HoverCard } from "@/components/ui/popover";
import { formatAge, formatDuration } from "@/lib/kernel/format";
import { useNow, useNowText, useZone } from "./clock";
import { CopyButton } from "./copy";
import { formatInstant, formatNear, type InstantForm } from "./instant";

interface AtProps {
  /** RFC 3339; null is written as a dash. */
  at: string | null | undefined;
  className?: string;
}

const None = () => <span className="text-ink-3">–</span>;

/** How long ago, in one unit, ticking: `4s`, `32m`, `12h`. */
export function Age({ at, suffix = "", className }: AtProps & { suffix?: string }) {
  const text = useNowText((now) => (at ? formatAge(now - Date.parse(at)) : ""));
  if (!at) return <None />;
  return (
    <time dateTime={at} className={className} title={formatInstant(Date.parse(at), "full", "UTC")}>
      {text}
      {suffix}
    </time>
  );
}

/** Time since an instant in two units, ticking: `32m 49s`. `until` stops it. */
export function Elapsed({ at, until, className }: AtProps & { until?: string | null }) {
  const text = useNowText((now) => {
    if (!at) return "";
    // What has ended is exact; what ticks shows whole seconds.
    if (until) return formatDuration(Math.max(0, Date.parse(until) - Date.parse(at)));
    return formatDuration(Math.max(0, Math.floor((now - Date.parse(at)) / 1_000) * 1_000));
  });
  return at ? <span className={className}>{text}</span> : <None />;
}

/** Time until an instant: `in 45m`. Passed already: `now`. */
export function Until({ at, className }: AtProps) {
  const text = useNowText((now) => {
    if (!at) return "";
    const ms = Date.parse(at) - now;
    return ms > 0
      ? `in ${formatDuration(ms < 3_600_000 ? Math.ceil(ms / 60_000) * 60_000 : ms).replace(/ 00[ms]$/, "")}`
      : "now";
  });
  return at ? <span className={className}>{text}</span> : <None />;
}

/** An instant in the chosen zone. With `details`, a card shows it in every other way, each to be copied. */
export function Instant({
  at,
  form = "full",
  details = false,
  className,
}: AtProps & { form?: InstantForm; details?: boolean }) {
  const { zone } = useZone();
  if (!at) return <None />;
  const text = (
    <time dateTime={at} className={className}>
      {formatInstant(Date.parse(at), form, zone)}
    </time>
  );
  if (!details) return text;
  return (
    <HoverCard trigger={<span tabIndex={0} className="link decoration-dotted" />} label={text}>
      <InstantDetails at={at} />
    </HoverCard>
  );
}

/** `04:00` today, `24 Nov 02:00` on another day. */
export function NearInstant({ at, className }: AtProps) {
  const { zone } = useZone();
  const now = useNow(60_000);
  if (!at) return <None />;
  return (
    <time dateTime={at} className={className}>
      {formatNear(Date.parse(at), now, zone)}
    </time>
  );
}

function InstantDetails({ at }: { at: string }) {
  const ms = Date.parse(at);
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const age = useNowText(
    (now) => `${formatDuration(Math.floor(Math.abs(now - ms) / 1_000) * 1_000)} ${now >= ms ? "ago" : "from now"}`,
  );
  const rows = [
    ["UTC", formatInstant(ms, "millis", "UTC")],
    ["Local", formatInstant(ms, "millis", local)],
    ["Relative", age],
    ["Epoch", String(ms)],
  ] as const;
  return (
    <dl className="grid grid-cols-[60px_auto_24px] items-center gap-x-2 text-12">
      {rows.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-3">{name}</dt>
          <dd className="whitespace-nowrap">{value}</dd>
          <dd>
            <CopyButton text={value} label={`Copy ${name.toLowerCase()}`} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
