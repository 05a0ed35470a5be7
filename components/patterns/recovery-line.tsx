"use client";

import { useMemo, type CSSProperties } from "react";
import { formatCountOf, formatDuration } from "@/lib/kernel/format";
import { useNow, useZone } from "./clock";
import { formatInstant, type InstantForm } from "./instant";
import { PaneHead } from "./pane";
import { Cross, Legend } from "./recovery-legend";
import { axisOf, oldestOf, windowsOf, type Lane, type Points, type Window } from "./recovery-model";
import { Elapsed } from "./time";

interface RecoveryLineProps {
  lanes: readonly Lane[];
  points: Points;
  gaps: readonly { from: string | null; to: string | null; reason: string }[];
  /** Newest heartbeat that the source acknowledged; undefined: what it is of has none. */
  heartbeatAt?: string | null;
  /** The source is down since then: data ends here. */
  disruptionAt: string | null;
  /** The chosen point; null: the newest. */
  pointMs: number | null;
}

const isOnPhone = (window: Window) => window.id === "day" || window.id === "edge";
const hiddenOnPhone = (window: Window) => (isOnPhone(window) ? "" : "phone:hidden");

const AXIS_FORM: Record<Window["id"], InstantForm> = { month: "day", week: "day", day: "minute", edge: "time" };

/** What can be brought back to when. Windows of different scales stand side by side; every gap is drawn. */
export function RecoveryLine({ lanes, points, gaps, heartbeatAt, disruptionAt, pointMs }: RecoveryLineProps) {
  const nowMs = useNow(1_000);
  const oldestMs = useMemo(() => oldestOf(lanes, nowMs), [lanes, nowMs]);
  // A dead source writes no more: its line ends shortly after the disruption instead of running away from it.
  const endMs = disruptionAt ? Math.min(nowMs, Date.parse(disruptionAt) + 12_000) : nowMs;
  const windows = windowsOf(oldestMs, endMs, points);
  const columns = (label: string, shown: readonly Window[]) =>
    `${label} ${shown.map((window) => `minmax(0, ${window.share}fr)`).join(" ")}`;
  // A phone shows the two windows that matter in an incident.
  const template: Record<`--${string}`, string> = {
    "--wide": columns("118px", windows),
    "--narrow": columns("104px", windows.filter(isOnPhone)),
  };
  return (
    <section aria-label="Recovery line">
      <PaneHead title="Recovery line" className="px-4 phone:h-auto phone:flex-wrap phone:px-3 phone:py-2">
        <RecoverableTo lanes={lanes} />
        <Legend
          hasIncrements={lanes.some(({ increments }) => increments.length > 0)}
          hasLog={lanes.some(({ logs }) => logs.some(({ from, to }) => from !== to))}
        />
      </PaneHead>
      <div
        className="grid grid-cols-(--wide) gap-x-2.5 px-4 phone:grid-cols-(--narrow) phone:gap-x-1 phone:px-3"
        style={template}
      >
        <span />
        {windows.map((window) => (
          <div
            key={window.id}
            className={`flex h-5 items-center gap-1.5 overflow-hidden text-12 whitespace-nowrap text-ink-2 ${hiddenOnPhone(window)}`}
          >
            <span className="font-medium">{window.title}</span>
            <span className="text-ink-3 phone:hidden">{window.scope}</span>
          </div>
        ))}
        {heartbeatAt !== undefined && (
          <>
            <div className="flex h-[18px] items-center gap-1 text-12 whitespace-nowrap">
              Source <span className="text-ink-3">heartbeat</span>
            </div>
            {windows.map((window) => (
              <SourceLane key={window.id} window={window} heartbeatAt={heartbeatAt} fromMs={oldestMs} />
            ))}
          </>
        )}
        {lanes.map((lane) => (
          <LaneRow
            key={lane.repository}
            lane={lane}
            windows={windows}
            gaps={gaps}
            pointMs={pointMs}
            disruptionAt={disruptionAt}
          />
        ))}
        <span />
        {windows.map((window) => (
          <AxisRow key={window.id} window={window} disruptionAt={disruptionAt} />
        ))}
      </div>
    </section>
  );
}

function RecoverableTo({ lanes }: { lanes: readonly Lane[] }) {
  const { zone } = useZone();
  const known = lanes.filter((lane) => lane.recoverableTo);
  if (known.length === 0) return <span className="text-ink-2">nothing can be recovered yet</span>;
  return (
    <span className="text-ink-2">
      recoverable to{" "}
      {known.map((lane, index) => (
        <span key={lane.repository}>
          {index > 0 && ", "}
          <b className="font-semibold text-ink">
            {formatInstant(Date.parse(lane.recoverableTo ?? ""), "time", zone)}
          </b>{" "}
          from {lane.repository}
        </span>
      ))}
    </span>
  );
}

const HEIGHT = {
  full: "absolute bottom-3.5 h-[18px] tall:h-[26px]",
  incremental: "absolute bottom-3.5 h-2.5 tall:h-[14px]",
};

const percentIn = (window: Window, ms: number) => ((ms - window.fromMs) / (window.toMs - window.fromMs)) * 100;
const isIn = (window: Window, ms: number) => ms >= window.fromMs && ms <= window.toMs;

/** A stretch cut to a window, as left and width; null when it lies outside. */
function stretch(window: Window, fromMs: number, toMs: number): CSSProperties | null {
  const from = Math.max(window.fromMs, fromMs);
  const to = Math.min(window.toMs, toMs);
  return to <= from
    ? null
    : { left: `${percentIn(window, from)}%`, width: `${percentIn(window, to) - percentIn(window, from)}%` };
}

function SourceLane({ window, heartbeatAt, fromMs }: { window: Window; heartbeatAt: string | null; fromMs: number }) {
  const style = heartbeatAt ? stretch(window, fromMs, Date.parse(heartbeatAt)) : null;
  return (
    <div className={`relative h-[18px] ${hiddenOnPhone(window)}`}>
      {style && <i className="absolute top-2 h-0.5 bg-mark" style={style} />}
    </div>
  );
}

interface LaneRowProps {
  lane: Lane;
  windows: readonly Window[];
  gaps: RecoveryLineProps["gaps"];
  pointMs: number | null;
  disruptionAt: string | null;
}

const within = (window: Window) => (start: { at: string }) => isIn(window, Date.parse(start.at));

function describe({ repository, fulls, increments }: Lane, window: Window): string {
  const counts = [
    formatCountOf(fulls.filter(within(window)).length, "full backup"),
    increments.length > 0 ? formatCountOf(increments.filter(within(window)).length, "increment") : "",
  ];
  return `${repository}, ${window.title.toLowerCase()}: ${counts.filter(Boolean).join(", ")}`;
}

interface StartMarkProps {
  start: Lane["fulls"][number];
  type: "full" | "incremental";
  window: Window;
}

/** A backup that a recovery can begin with; a bar for a full, a lower one for an increment. */
function StartMark({ start, type, window }: StartMarkProps) {
  const { zone } = useZone();
  const ms = Date.parse(start.at);
  const style = { left: `${percentIn(window, ms)}%` };
  const word = start.state === "missing" ? "not whole here" : start.proven ? "proven" : "not proven yet";
  const title = `${formatInstant(ms, "day-minute", zone)} ${type}, ${word}`;
  if (start.state === "missing") {
    return <Cross title={title} style={style} className="absolute bottom-3.5 -translate-x-1/2" />;
  }
  const look = start.proven ? "w-[3px] bg-ink-2" : "w-[5px] border border-ink-2 bg-bg";
  return <i title={title} style={style} className={`${HEIGHT[type]} -translate-x-1/2 ${look}`} />;
}

function LaneRow({ lane, windows, gaps, pointMs, disruptionAt }: LaneRowProps) {
  const disruptionMs = disruptionAt ? Date.parse(disruptionAt) : null;
  const point = pointMs ?? (lane.recoverableTo ? Date.parse(lane.recoverableTo) : null);
  return (
    <>
      <div className="flex flex-col justify-center text-12 whitespace-nowrap">
        <span className="font-medium">{lane.repository}</span>
        <span className="text-ink-3">
          exposure{" "}
          <b className="font-medium text-ink">
            <Elapsed at={lane.recoverableTo} until={disruptionAt} />
          </b>
        </span>
      </div>
      {windows.map((window) => (
        <div
          key={window.id}
          role="img"
          aria-label={describe(lane, window)}
          className={`relative h-10 overflow-hidden border-b border-bg bg-sunken tall:h-[52px] ${hiddenOnPhone(window)}`}
        >
          {lane.logs.map((log) => {
            const style = stretch(window, Date.parse(log.from), Date.parse(log.to));
            return style && <i key={log.from} className="absolute bottom-1 h-[7px] bg-mark" style={style} />;
          })}
          {gaps.map((gap) => (
            <Gap key={`${gap.from ?? ""}${gap.to ?? ""}`} gap={gap} window={window} />
          ))}
          {lane.increments.filter(within(window)).map((each) => (
            <StartMark key={each.backupId} start={each} type="incremental" window={window} />
          ))}
          {lane.fulls.filter(within(window)).map((each) => (
            <StartMark key={each.backupId} start={each} type="full" window={window} />
          ))}
          {window.id === "edge" && lane.recoverableTo && <EdgeLabel window={window} at={lane.recoverableTo} />}
          {point !== null && isIn(window, point) && (
            <i className="absolute inset-y-0 w-px bg-ink" style={{ left: `${percentIn(window, point)}%` }} />
          )}
          {disruptionMs !== null && isIn(window, disruptionMs) && (
            <i
              className="absolute inset-y-0 w-0 border-l-2 border-failed"
              style={{ left: `${percentIn(window, disruptionMs)}%` }}
            />
          )}
        </div>
      ))}
    </>
  );
}

/** A narrower gap is drawn without its words, which would lie on the fulls beside it: the page's head has them. */
const NAMED_PERCENT_MIN = 3;

function Gap({ gap, window }: { gap: RecoveryLineProps["gaps"][number]; window: Window }) {
  if (!gap.from || !gap.to) return null;
  const fromMs = Date.parse(gap.from);
  const toMs = Date.parse(gap.to);
  const style = stretch(window, fromMs, toMs);
  if (!style) return null;
  return (
    <>
      <i
        title={gap.reason}
        className="absolute bottom-0.5 h-[11px] min-w-1 bg-bg hatch text-warning outline outline-warning"
        style={style}
      />
      {percentIn(window, toMs) - percentIn(window, fromMs) >= NAMED_PERCENT_MIN && (
        <em
          className="absolute top-[3px] -ml-1 -translate-x-full text-11 whitespace-nowrap text-ink-2 not-italic phone:hidden"
          style={{ left: style.left }}
        >
          gap {formatDuration(toMs - fromMs)}
        </em>
      )}
    </>
  );
}

function EdgeLabel({ window, at }: { window: Window; at: string }) {
  const { zone } = useZone();
  const ms = Date.parse(at);
  if (!isIn(window, ms)) return null;
  const percent = percentIn(window, ms);
  return (
    <em
      className={`absolute top-[9px] z-1 bg-sunken text-11 whitespace-nowrap text-ink-2 not-italic ${percent > 40 ? "-translate-x-full pr-[7px]" : "pl-[7px]"}`}
      style={{ left: `${percent}%` }}
    >
      {formatInstant(ms, "time", zone)}
    </em>
  );
}

function AxisRow({ window, disruptionAt }: { window: Window; disruptionAt: string | null }) {
  const { zone } = useZone();
  const isMarked = window.id === "edge" && disruptionAt;
  const ticks = axisOf(window).filter(
    (ms) => percentIn(window, ms) > 4 && percentIn(window, ms) < (isMarked ? 60 : 96),
  );
  return (
    <div className={`relative h-5 text-11 text-ink-3 ${hiddenOnPhone(window)}`}>
      {ticks.map((ms, index) => (
        <span
          key={ms}
          className={`absolute top-0.5 -translate-x-1/2 whitespace-nowrap ${index % 2 === 1 ? "phone:hidden" : ""}`}
          style={{ left: `${percentIn(window, ms)}%` }}
        >
          {formatInstant(ms, AXIS_FORM[window.id], zone)}
        </span>
      ))}
      {isMarked && (
        <span className="absolute top-0.5 right-0 whitespace-nowrap text-failed">
          {formatInstant(Date.parse(disruptionAt), "time", zone)}
        </span>
      )}
    </div>
  );
}
