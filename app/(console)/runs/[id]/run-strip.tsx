"use client";

import type { ReactNode } from "react";
import { Bullet } from "@/components/patterns/bullet";
import { useNow } from "@/components/patterns/clock";
import { progressText, rateText, leftText } from "@/components/patterns/progress";
import { Instant } from "@/components/patterns/time";
import { formatDuration, formatTarget } from "@/lib/kernel/format";
import type { ClockName, RunDetail } from "@/lib/runs/schemas";

/** Cost so far on the left, the clocks of a recovery on the right. */
export function RunStrip({ run }: { run: RunDetail }) {
  return (
    <div className="grid grid-cols-[200px_186px_minmax(0,1fr)] border-y border-line phone:grid-cols-2 [&>*+*]:border-l [&>*]:border-line">
      {run.kind === "runbook" ? <RecoveryFigures run={run} /> : <WorkFigures run={run} />}
      {run.kind === "runbook" ? <Clocks run={run} /> : <Instants run={run} />}
    </div>
  );
}

interface FigureProps {
  name: string;
  value: string;
  of: string | null;
  bullet: ReactNode;
  note: ReactNode;
}

function Figure({ name, value, of, bullet, note }: FigureProps) {
  return (
    <div className="min-w-0 px-4 pt-1.5 pb-[7px] whitespace-nowrap phone:px-3 phone:py-2">
      <h2 className="text-12 text-ink-3">{name}</h2>
      <p className="text-ink-3">
        <b className="text-16 leading-[22px] font-semibold tracking-[-0.01em] text-ink">{value}</b> {of && `of ${of}`}
      </p>
      <div className="mt-[3px] mb-[5px] h-1.5">{bullet}</div>
      <p className="truncate text-12 text-ink-3 phone:whitespace-normal">{note}</p>
    </div>
  );
}

/** Whole seconds of a recovery so far; where it was measured, the measure. */
function useRtoSeconds(run: RunDetail): number | null {
  const now = useNow();
  if (run.rtoActualSeconds !== null) return run.rtoActualSeconds;
  const disruptionAt = run.statedDisruptionAt ?? run.disruptionAt;
  if (!disruptionAt) return null;
  const until = run.endedAt ? Date.parse(run.endedAt) : now;
  return Math.max(0, Math.floor((until - Date.parse(disruptionAt)) / 1_000));
}

function RecoveryFigures({ run }: { run: RunDetail }) {
  const rto = useRtoSeconds(run);
  const { rtoTargetSeconds: rtoTarget, rpoTargetSeconds: rpoTarget, rpoActualSeconds: rpo } = run;
  const isMeasured = run.rtoActualSeconds !== null;
  const name = isMeasured ? "RTO actual" : run.endedAt ? "RTO not measured" : "RTO so far";
  const spare = rto !== null && rtoTarget !== null ? rtoTarget - rto : null;
  return (
    <>
      <Figure
        name={name}
        value={rto === null ? "?" : formatDuration(rto * 1_000)}
        of={rtoTarget === null ? null : formatTarget(rtoTarget)}
        bullet={
          rtoTarget !== null && (
            <Bullet
              actual={rto}
              target={rtoTarget}
              label={`${name} ${rto === null ? "unknown" : formatDuration(rto * 1_000)} of ${formatTarget(rtoTarget)}`}
            />
          )
        }
        note={spare === null ? "no target" : spare >= 0 ? `${formatDuration(spare * 1_000)} to spare` : `${formatDuration(-spare * 1_000)} over`}
      />
      <Figure
        name="RPO actual"
        value={rpo === null ? "?" : formatDuration(rpo * 1_000)}
        of={rpoTarget === null ? null : formatTarget(rpoTarget)}
        bullet={
          rpoTarget !== null && (
            <Bullet
              actual={rpo}
              target={rpoTarget}
              label={`RPO ${rpo === null ? "not measured yet" : formatDuration(rpo * 1_000)} of ${formatTarget(rpoTarget)}`}
            />
          )
        }
        note={rpo === null ? (run.endedAt ? "not measured" : "measured from the data") : <HeartbeatNote run={run} />}
      />
    </>
  );
}

function HeartbeatNote({ run }: { run: RunDetail }) {
  const at = run.result?.["heartbeatAt"];
  if (typeof at !== "string") return "from the recovered heartbeat";
  return (
    <>
      heartbeat of <Instant at={at} form="time" /> found
    </>
  );
}

function WorkFigures({ run }: { run: RunDetail }) {
  const now = useNow();
  const begin = run.startedAt ?? run.queuedAt;
  const tookMs = Math.max(0, (run.endedAt ? Date.parse(run.endedAt) : Math.floor(now / 1_000) * 1_000) - Date.parse(begin));
  const share = run.progress?.total ? Math.min(1, run.progress.done / run.progress.total) : null;
  const rate = run.progress ? rateText(run.progress) : null;
  const left = run.progress ? leftText(run.progress.secondsLeft) : null;
  return (
    <>
      <Figure
        name={run.endedAt ? "Took" : run.startedAt ? "Runs for" : "Waits for"}
        value={formatDuration(tookMs)}
        of={null}
        bullet={null}
        note={run.currentStep ?? (run.endedAt ? "ended" : "a runner")}
      />
      <Figure
        name="Progress"
        value={run.endedAt ? `${run.stepsDone} of ${run.stepsTotal}` : share === null ? "–" : `${Math.floor(share * 100)} %`}
        of={null}
        bullet={null}
        note={run.endedAt ? "steps done" : run.progress ? [progressText(run.progress), rate, left].filter(Boolean).join(", ") : "not told by this step"}
      />
    </>
  );
}

function Instants({ run }: { run: RunDetail }) {
  const all = [
    { name: "Queued", at: run.queuedAt },
    { name: "Started", at: run.startedAt },
    { name: "Ended", at: run.endedAt },
  ];
  return (
    <ol className="flex items-center gap-10 px-4 phone:col-span-2 phone:gap-6 phone:border-t phone:border-l-0! phone:px-3 phone:py-2">
      {all.map(({ name, at }) => (
        <li key={name} className="grid whitespace-nowrap">
          <span className="text-12 text-ink-3">{name}</span>
          <span className="font-medium">
            <Instant at={at} form="day-time" />
          </span>
        </li>
      ))}
    </ol>
  );
}

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
function Clocks({ run }: { run: RunDetail }) {
  const disruptionAt = run.statedDisruptionAt ?? run.disruptionAt;
  const clocks: Partial<Record<ClockName, string>> = { ...run.clocks, ...(disruptionAt ? { disrupt: disruptionAt } : {}) };
  const shown = CLOCKS.filter(({ name, isLiveOnly, isOptional }) => clocks[name] !== undefined || !(isOptional || (isLiveOnly && run.mode !== "live")));
  return (
    <ol
      aria-label="Clocks"
      className="relative z-0 grid auto-cols-auto grid-flow-col content-center justify-between overflow-hidden px-4 phone:col-span-2 phone:grid-flow-row phone:grid-cols-2 phone:justify-start phone:gap-2.5 phone:border-t phone:border-l-0! phone:p-3"
    >
      {shown.map(({ name, label }, index) => (
        <Clock key={name} label={label} at={clocks[name]} from={clocks.disrupt} isLast={index === shown.length - 1} />
      ))}
    </ol>
  );
}

function Clock({ label, at, from, isLast }: { label: string; at: string | undefined; from: string | undefined; isLast: boolean }) {
  const offset = at && from ? Date.parse(at) - Date.parse(from) : null;
  return (
    <li
      className={`relative grid content-start pt-3.5 whitespace-nowrap phone:bg-transparent phone:pt-0 phone:pl-4 ${isLast ? "bg-bg shadow-[16px_0_0_var(--bg)] phone:shadow-none" : ""}`}
    >
      <i
        aria-hidden="true"
        className={`absolute top-[3px] left-0 z-1 size-[7px] rounded-full shadow-[0_0_0_4px_var(--bg)] ${at ? "bg-ink-2" : "border-[1.5px] border-mark bg-bg"}`}
      />
      {!isLast && <i aria-hidden="true" className="absolute top-1.5 -right-50 left-[11px] -z-1 h-px bg-line-2 phone:hidden" />}
      <span className="font-mono text-11 text-ink-3">{label}</span>
      {at ? (
        <span className="font-medium">
          <Instant at={at} form="time" details />
        </span>
      ) : (
        <span className="text-ink-3">not yet</span>
      )}
      <span className="text-12 text-ink-3">{offset === null ? " " : offset < 1_000 ? "0s" : `+${formatDuration(offset)}`}</span>
    </li>
  );
}
