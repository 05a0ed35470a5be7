"use client";

import { Instant } from "@/components/patterns/time";
import { formatDuration } from "@/lib/kernel/format";
import type { ClockName, RunDetail } from "@/lib/runs/schemas";
import { disruptionOfRun } from "../run-status";

const CLOCKS: { name: ClockName; label: string; isLiveOnly?: boolean; isOptional?: boolean }[] = [
  { name: "disrupt", label: "T_disrupt" },
  { name: "detect", label: "T_detect", isOptional: true },
  { name: "declare", label: "T_declare" },
  { name: "approve", label: "T_approve", isOptional: true },
  { name: "restoreStart", label: "T_restore_start" },
  { name: "dataReady", label: "T_data_ready" },
  { name: "verified", label: "T_verified" },
  { name: "traffic", label: "T_traffic", isLiveOnly: true },
];

/** The clocks of a recovery, each an instant of its own; hollow until it is measured. */
export function Clocks({ run }: { run: RunDetail }) {
  const disruptionAt = disruptionOfRun(run);
  const clocks: Partial<Record<ClockName, string>> = {
    ...run.clocks,
    ...(disruptionAt ? { disrupt: disruptionAt } : {}),
  };
  const shown = CLOCKS.filter(
    ({ name, isLiveOnly, isOptional }) =>
      clocks[name] !== undefined || !(isOptional || (isLiveOnly && run.mode !== "live")),
  );
  return (
    <ol
      aria-label="Clocks"
      className="relative z-0 grid auto-cols-auto grid-flow-col content-center justify-between overflow-hidden px-4 phone:order-3 phone:grid-flow-row phone:grid-cols-2 phone:justify-normal phone:gap-2.5 phone:border-t phone:border-line phone:p-3"
    >
      {shown.map(({ name, label }, index) => (
        <Clock key={name} label={label} at={clocks[name]} from={clocks.disrupt} isLast={index === shown.length - 1} />
      ))}
    </ol>
  );
}

function Clock({
  label,
  at,
  from,
  isLast,
}: {
  label: string;
  at: string | undefined;
  from: string | undefined;
  isLast: boolean;
}) {
  const offset = at && from ? Date.parse(at) - Date.parse(from) : null;
  return (
    <li
      className={`relative grid content-start pt-3.5 whitespace-nowrap phone:bg-transparent phone:pt-0 phone:pl-4 ${isLast ? "bg-bg shadow-[16px_0_0_var(--bg)] phone:shadow-none" : ""}`}
    >
      <i
        aria-hidden="true"
        className={`absolute top-[3px] left-0 z-1 size-[7px] rounded-full shadow-[0_0_0_4px_var(--bg)] ${at ? "bg-ink-2" : "border-[1.5px] border-mark bg-bg"}`}
      />
      {!isLast && (
        <i aria-hidden="true" className="absolute top-1.5 -right-50 left-[11px] -z-1 h-px bg-line-2 phone:hidden" />
      )}
      <span className="font-mono text-11 text-ink-3">{label}</span>
      {at ? (
        <span className="font-medium">
          <Instant at={at} form="time" details />
        </span>
      ) : (
        <span className="text-ink-3">not yet</span>
      )}
      <span className="text-12 text-ink-3">
        {offset === null ? " " : offset < 1_000 ? "0s" : `+${formatDuration(offset)}`}
      </span>
    </li>
  );
}
