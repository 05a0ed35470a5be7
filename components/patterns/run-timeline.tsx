"use client";

import { useMemo, type ReactNode } from "react";
import { formatDuration, formatTarget } from "@/lib/kernel/format";
import { useNow, useZone } from "./clock";
import { formatInstant } from "./instant";
import { Glyph, Status, type Tone } from "./status";
import { layOut, ticksOf, type Axis, type Bar } from "./timeline-axis";

export type TimelineState = "pending" | "running" | "waiting" | "succeeded" | "failed" | "skipped" | "aborted";

export interface TimelineStep {
  id: string;
  title: string;
  /** Owner or engine, then what came out. */
  note: ReactNode;
  state: TimelineState;
  estimateSeconds: number | null;
  startedAt: string | null;
  endedAt: string | null;
  /** A person's time, not the machine's. */
  isHuman: boolean;
  /** False: a drill leaves it out. */
  isExercised: boolean;
  /** What stands open below it: a form that waits, or an error. */
  detail?: ReactNode;
}

interface RunTimelineProps {
  steps: readonly TimelineStep[];
  /** Where the axis starts: the disruption, else the run's start. */
  startAt: string | null;
  /** Named at the axis' start: "down" or "start". */
  startWord: string;
  isDisruption: boolean;
  endedAt: string | null;
  /** Chosen step: the log shows only its lines. */
  chosen: string | null;
  onChoose: (id: string | null) => void;
}

const TONES: Record<TimelineState, { tone: Tone; word: string }> = {
  pending: { tone: "idle", word: "to come" },
  running: { tone: "running", word: "running" },
  waiting: { tone: "warning", word: "waiting" },
  succeeded: { tone: "ok", word: "done" },
  failed: { tone: "failed", word: "failed" },
  skipped: { tone: "idle", word: "skipped" },
  aborted: { tone: "idle", word: "aborted" },
};

const GRID =
  "grid grid-cols-[12px_18px_minmax(0,1fr)_100px_296px] items-center gap-x-2 pl-4 rail:grid-cols-[12px_18px_minmax(0,1fr)_100px_160px] phone:grid-cols-[12px_14px_minmax(0,1fr)_auto] phone:px-3";

/** Steps on a shared axis. Outline = estimate, fill = actual, hatch = a person's wait, amber = beyond the estimate. */
export function RunTimeline(props: RunTimelineProps) {
  const { steps, startAt, endedAt, chosen, onChoose } = props;
  const tickingNow = useNow(1_000);
  const nowMs = endedAt ? Date.parse(endedAt) : tickingNow;
  const startMs = startAt ? Date.parse(startAt) : nowMs;
  const axis = useMemo(
    () => layOut(steps, { startMs, nowMs, isEnded: endedAt !== null }),
    [steps, startMs, nowMs, endedAt],
  );
  const percent = (ms: number) => Math.min(100, 2 + ((ms - axis.startMs) / (axis.endMs - axis.startMs)) * 96);
  const done = steps.filter((step) => step.state === "succeeded" || step.state === "skipped");
  const current = steps.find((step) => step.state === "running" || step.state === "waiting");
  return (
    <section aria-label="Steps" className="min-w-0">
      <div className={`${GRID} sticky top-0 z-10 h-8 border-b border-line bg-bg text-12`}>
        <h2 className="col-span-2 font-semibold">Steps</h2>
        <span className="text-ink-3">
          {done.length} of {steps.length} done
        </span>
        <span className="grid grid-cols-[54px_40px] gap-x-1.5 text-right text-ink-3 phone:hidden">
          <span>actual</span>
          <span>est.</span>
        </span>
        <AxisLabels axis={axis} percent={percent} nowMs={endedAt ? null : nowMs} {...props} />
      </div>
      <p className="sr-only" aria-live="polite">
        {current ? `${current.title}: ${TONES[current.state].word}` : ""}
      </p>
      <div className="relative">
        <Guides axis={axis} percent={percent} nowMs={endedAt ? null : nowMs} isDisruption={props.isDisruption} />
        <DoneOnPhone done={done} />
        <ol>
          {steps.map((step, index) => (
            <StepRow
              key={step.id}
              step={step}
              number={index + 1}
              bar={axis.bars.get(step.id)}
              percent={percent}
              nowMs={nowMs}
              isChosen={chosen === step.id}
              onChoose={() => onChoose(chosen === step.id ? null : step.id)}
            />
          ))}
        </ol>
      </div>
    </section>
  );
}

type Percent = (ms: number) => number;

function AxisLabels(props: {
  axis: Axis;
  percent: Percent;
  nowMs: number | null;
  startWord: string;
  isDisruption: boolean;
}) {
  const { axis, percent, nowMs, startWord, isDisruption } = props;
  const { zone } = useZone();
  const span = axis.endMs - axis.startMs;
  // A label needs its room: none beside "now" or at the start.
  const isFree = (ms: number) =>
    percent(ms) > 16 && percent(ms) < 96 && (nowMs === null || Math.abs(percent(ms) - percent(nowMs)) > 11);
  return (
    <span aria-hidden="true" className="relative h-4 text-11 phone:hidden rail:invisible">
      <span className={`absolute left-[2%] ${isDisruption ? "text-failed" : "text-ink-3"}`}>{startWord}</span>
      {ticksOf(axis)
        .filter(isFree)
        .map((ms) => (
          <span key={ms} className="absolute -translate-x-1/2 text-ink-3" style={{ left: `${percent(ms)}%` }}>
            {formatInstant(ms, span < 600_000 ? "time" : "minute", zone)}
          </span>
        ))}
      {nowMs !== null && percent(nowMs) > 12 && (
        <span
          className={`absolute font-medium ${percent(nowMs) > 94 ? "-translate-x-full" : "-translate-x-1/2"}`}
          style={{ left: `${percent(nowMs)}%` }}
        >
          now
        </span>
      )}
    </span>
  );
}

function Guides(props: { axis: Axis; percent: Percent; nowMs: number | null; isDisruption: boolean }) {
  const { axis, percent, nowMs, isDisruption } = props;
  return (
    <div
      aria-hidden="true"
      className="pointer-events-none absolute inset-y-0 right-0 w-[296px] phone:hidden rail:w-[160px]"
    >
      {ticksOf(axis).map((ms) => (
        <i key={ms} className="absolute inset-y-0 w-px bg-line" style={{ left: `${percent(ms)}%` }} />
      ))}
      <i
        className={`absolute inset-y-0 w-[1.5px] ${isDisruption ? "bg-failed" : "bg-line-2"}`}
        style={{ left: `${percent(axis.startMs)}%` }}
      />
      {nowMs !== null && <i className="absolute inset-y-0 z-1 w-px bg-ink" style={{ left: `${percent(nowMs)}%` }} />}
    </div>
  );
}

function DoneOnPhone({ done }: { done: readonly TimelineStep[] }) {
  if (done.length === 0) return null;
  const actual = done.reduce((sum, step) => sum + lengthOf(step), 0);
  return (
    <p className="hidden h-10 items-center gap-2.5 px-3 phone:flex">
      <Status tone="ok">
        {done.length} {done.length === 1 ? "step" : "steps"} done
      </Status>
      <span className="text-ink-3">{formatDuration(actual)}</span>
    </p>
  );
}

function lengthOf(step: TimelineStep): number {
  return step.startedAt && step.endedAt ? Date.parse(step.endedAt) - Date.parse(step.startedAt) : 0;
}

interface StepRowProps {
  step: TimelineStep;
  number: number;
  bar: Bar | undefined;
  percent: Percent;
  nowMs: number;
  isChosen: boolean;
  onChoose: () => void;
}

function StepRow({ step, number, bar, percent, nowMs, isChosen, onChoose }: StepRowProps) {
  const { tone, word } = TONES[step.state];
  const isFolded = step.state === "succeeded" || step.state === "skipped";
  return (
    <li
      id={`step-${step.id}`}
      className={`relative not-first:border-t not-first:border-line ${isFolded ? "phone:hidden" : ""}`}
    >
      <div className={`${GRID} relative h-8 phone:h-12 tall:h-10 ${isChosen ? "bg-pressed/60" : ""}`}>
        <Glyph tone={tone} label={word} />
        <span className="pr-0.5 text-right text-12 text-ink-3">{number}</span>
        <button
          type="button"
          aria-pressed={isChosen}
          title="Show only this step's log"
          className="grid min-w-0 text-left after:absolute after:inset-0 after:content-['']"
          onClick={onChoose}
        >
          <span className={`truncate leading-[15px] ${step.state === "pending" ? "text-ink-2" : "font-medium"}`}>
            {step.title}
          </span>
          <span className="truncate text-12 leading-3.5 text-ink-3">
            {step.isExercised ? step.note : "not exercised in a drill"}
          </span>
        </button>
        <Durations step={step} nowMs={nowMs} />
        <Lane step={step} bar={bar} percent={percent} />
      </div>
      {step.detail}
    </li>
  );
}

/** Actual beside estimate; amber beyond it. A person's wait is no lateness. */
function Durations({ step, nowMs }: { step: TimelineStep; nowMs: number }) {
  const actual = step.startedAt ? (step.endedAt ? lengthOf(step) : nowMs - Date.parse(step.startedAt)) : null;
  const isLate =
    actual !== null &&
    step.estimateSeconds !== null &&
    actual > step.estimateSeconds * 1_000 &&
    step.state !== "waiting";
  return (
    <span className="grid grid-cols-[54px_40px] gap-x-1.5 text-right whitespace-nowrap">
      <span className={`font-medium ${isLate ? "text-warning" : ""}`}>
        {actual === null ? "–" : formatWhole(actual)}
      </span>
      <span className="text-ink-3">{step.estimateSeconds === null ? "–" : formatTarget(step.estimateSeconds)}</span>
    </span>
  );
}

const formatWhole = (ms: number) => formatDuration(ms < 1_000 ? Math.max(0, ms) : Math.floor(ms / 1_000) * 1_000);

const FILL: Partial<Record<TimelineState, string>> = { running: "bg-running", failed: "bg-failed" };

function Lane({ step, bar, percent }: { step: TimelineStep; bar: Bar | undefined; percent: Percent }) {
  if (!bar) return <span className="phone:hidden" />;
  const place = (from: number, to: number) => ({ left: `${percent(from)}%`, width: `${percent(to) - percent(from)}%` });
  const hasBegun = step.startedAt !== null;
  // A person's wait is no lateness of the machine.
  const isWait = step.isHuman || step.state === "waiting";
  const within = bar.estimate === null || isWait ? bar.actual : Math.min(bar.actual, bar.estimate);
  const human = step.state === "waiting" ? "hatch text-warning" : "hatch text-mark";
  const fill = isWait ? `${human} outline outline-current -outline-offset-1` : (FILL[step.state] ?? "bg-mark");
  return (
    <span aria-hidden="true" className="relative h-2.5 phone:hidden">
      {bar.estimate !== null && (
        <i
          className={`absolute inset-y-0 min-w-0.5 border bg-bg ${hasBegun ? "border-line-2" : "border-dashed border-mark"}`}
          style={place(bar.from, bar.from + bar.estimate)}
        />
      )}
      {hasBegun && <i className={`absolute inset-y-0 min-w-0.5 ${fill}`} style={place(bar.from, bar.from + within)} />}
      {bar.actual > within && (
        <i className="absolute inset-y-0 bg-warning" style={place(bar.from + within, bar.from + bar.actual)} />
      )}
    </span>
  );
}
