"use client";

import type { ReactNode } from "react";
import { Bullet } from "@/components/patterns/bullet";
import { useNow } from "@/components/patterns/clock";
import { ProgressBar, progressWords } from "@/components/patterns/progress";
import { Instant } from "@/components/patterns/time";
import { formatDuration, formatTarget } from "@/lib/kernel/format";
import type { Progress, RunDetail } from "@/lib/runs/schemas";
import { soFarMs } from "../run-status";
import { Clocks } from "./clocks";

/** Cost so far on the left, the clocks of a recovery on the right. */
export function RunStrip({ run }: { run: RunDetail }) {
  const isRecovery = run.kind === "runbook";
  return (
    <div
      className={`grid border-y border-line phone:contents ${isRecovery ? "grid-cols-[200px_186px_minmax(0,1fr)]" : "grid-cols-[200px_320px_minmax(0,1fr)]"}`}
    >
      <div className="contents phone:grid phone:grid-cols-2 phone:border-y phone:border-line [&>*]:border-r [&>*]:border-line phone:[&>*:last-child]:border-r-0">
        {isRecovery ? <RecoveryFigures run={run} /> : <WorkFigures run={run} />}
      </div>
      {isRecovery ? <Clocks run={run} /> : <Instants run={run} />}
    </div>
  );
}

interface FigureProps {
  name: string;
  /** null: not known. */
  seconds: number | null;
  targetSeconds: number | null;
  note: ReactNode;
}

/** A duration against its target. */
function TargetFigure({ name, seconds, targetSeconds, note }: FigureProps) {
  const value = seconds === null ? "?" : formatDuration(seconds * 1_000);
  const target = targetSeconds === null ? null : formatTarget(targetSeconds);
  return (
    <Figure name={name} value={value} of={target} note={note}>
      {targetSeconds !== null && (
        <Bullet
          actual={seconds}
          target={targetSeconds}
          label={`${name} ${seconds === null ? "unknown" : value} of ${target ?? ""}`}
        />
      )}
    </Figure>
  );
}

interface PlainFigureProps {
  name: string;
  value: string;
  of?: string | null;
  note: ReactNode;
  children?: ReactNode;
}

function Figure({ name, value, of = null, note, children }: PlainFigureProps) {
  return (
    <div className="min-w-0 px-4 pt-1.5 pb-[7px] whitespace-nowrap phone:px-3 phone:py-2">
      <h2 className="text-12 text-ink-3">{name}</h2>
      <p className="text-ink-3">
        <b className="text-16 leading-[22px] font-semibold tracking-[-0.01em] text-ink">{value}</b> {of && `of ${of}`}
      </p>
      {children && <div className="mt-[3px] mb-[5px] h-1.5">{children}</div>}
      <p className="truncate text-12 text-ink-3 phone:whitespace-normal">{note}</p>
    </div>
  );
}

/** Whole seconds of a recovery so far; where it was measured, the measure. */
function useRtoSeconds(run: RunDetail): number | null {
  const now = useNow();
  if (run.rtoActualSeconds !== null) return run.rtoActualSeconds;
  const ms = soFarMs(run, run.endedAt ? Date.parse(run.endedAt) : now);
  return ms === null ? null : ms / 1_000;
}

function spareText(spareSeconds: number): string {
  const words = formatDuration(Math.abs(spareSeconds) * 1_000);
  return spareSeconds >= 0 ? `${words} to spare` : `${words} over`;
}

function RecoveryFigures({ run }: { run: RunDetail }) {
  const rto = useRtoSeconds(run);
  const isMeasured = run.rtoActualSeconds !== null;
  const name = isMeasured ? "RTO actual" : run.endedAt ? "RTO not measured" : "RTO so far";
  const spare = rto !== null && run.rtoTargetSeconds !== null ? run.rtoTargetSeconds - rto : null;
  return (
    <>
      <TargetFigure
        name={name}
        seconds={rto}
        targetSeconds={run.rtoTargetSeconds}
        note={spare === null ? "no target" : spareText(spare)}
      />
      <TargetFigure
        name="RPO actual"
        seconds={run.rpoActualSeconds}
        targetSeconds={run.rpoTargetSeconds}
        note={<RpoNote run={run} />}
      />
    </>
  );
}

function RpoNote({ run }: { run: RunDetail }) {
  if (run.rpoActualSeconds === null) return run.endedAt ? "not measured" : "measured from the data";
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
  const until = run.endedAt ? Date.parse(run.endedAt) : Math.floor(now / 1_000) * 1_000;
  const tookMs = Math.max(0, until - Date.parse(run.startedAt ?? run.queuedAt));
  const name = run.endedAt ? "Took" : run.startedAt ? "Runs for" : "Waits for";
  return (
    <>
      <Figure
        name={name}
        value={formatDuration(tookMs)}
        note={run.currentStep ?? (run.endedAt ? "ended" : "a runner")}
      />
      {run.endedAt || !run.progress ? (
        <Figure
          name="Steps done"
          value={`${run.stepsDone} of ${run.stepsTotal}`}
          note={run.error ? run.error.code.toLowerCase() : " "}
        />
      ) : (
        <ProgressFigure progress={run.progress} />
      )}
    </>
  );
}

function ProgressFigure({ progress }: { progress: Progress }) {
  const share = progress.total ? Math.min(1, progress.done / progress.total) : null;
  const note = progressWords(progress);
  return (
    <Figure
      name="Progress"
      value={share === null ? "–" : `${Math.floor(share * 100)} %`}
      note={<span title={note}>{note}</span>}
    >
      {progress.total !== null && <ProgressBar done={progress.done} total={progress.total} label={note} />}
    </Figure>
  );
}

function Instants({ run }: { run: RunDetail }) {
  const all = [
    { name: "Queued", at: run.queuedAt },
    { name: "Started", at: run.startedAt },
    { name: "Ended", at: run.endedAt },
  ];
  return (
    <ol className="flex items-center gap-10 px-4 phone:order-3 phone:gap-6 phone:border-t phone:border-line phone:px-3 phone:py-2">
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
