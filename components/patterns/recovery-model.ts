/* What a recovery line shows: windows of time, each with its own scale, and the chains that reach a point. */

/** A backup that a recovery can begin with: a full, or an increment with what it continues. */
interface Start {
  backupId: string;
  at: string;
  state: "present" | "missing";
  proven: boolean;
  /** What it brings back, with the log behind it; null where something of it is missing. */
  reach: { from: string; to: string; fullAt: string; increments: number } | null;
}

export interface Lane {
  repository: string;
  recoverableTo: string | null;
  fulls: readonly Start[];
  increments: readonly Start[];
  /** Continuous stretches of log. */
  logs: readonly { from: string; to: string }[];
}

/** `log`: any second that a log reaches; `backups`: without one, only what the backups show themselves. */
export type Points = "log" | "backups";

export interface Window {
  id: "month" | "week" | "day" | "edge";
  title: string;
  scope: string;
  fromMs: number;
  toMs: number;
  /** Share of the width. */
  share: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How far the "any second" window looks back: a young estate is not drawn as a sliver of a day. */
const SPANS = [
  { ms: 10 * MINUTE, scope: "last 10m" },
  { ms: HOUR, scope: "last 1h" },
  { ms: 6 * HOUR, scope: "last 6h" },
  { ms: DAY, scope: "last 24h" },
] as const;

/**
 * From the oldest point to now: a month, a week and a day as far as points are that old, and, of what has a log, always
 * the last minute.
 */
export function windowsOf(oldestMs: number, nowMs: number, points: Points): Window[] {
  const age = nowMs - oldestMs;
  const span = SPANS.find(({ ms }) => age <= ms * 0.98) ?? SPANS[3];
  const dayFrom = nowMs - span.ms;
  const title = points === "log" ? "Any second" : "Each backup";
  const windows: Window[] = [{ id: "day", title, scope: span.scope, fromMs: dayFrom, toMs: nowMs, share: 396 }];
  if (points === "log") {
    windows.push({
      id: "edge",
      title: "The edge",
      scope: "one minute",
      fromMs: nowMs - MINUTE,
      toMs: nowMs,
      share: 210,
    });
  }
  if (age > DAY) {
    windows.unshift({
      id: "week",
      title: "The last week",
      scope: "",
      fromMs: nowMs - 7 * DAY,
      toMs: dayFrom,
      share: 168,
    });
  }
  if (age > 7 * DAY) {
    windows.unshift({
      id: "month",
      title: "One point a day",
      scope: "",
      fromMs: nowMs - 30 * DAY,
      toMs: nowMs - 7 * DAY,
      share: 196,
    });
  }
  return windows;
}

/** The oldest point of all lanes; `nowMs` where there is none. */
export function oldestOf(lanes: readonly Lane[], nowMs: number): number {
  const all = lanes.flatMap((lane) => [...startsOf(lane).map(({ at }) => at), ...lane.logs.map((log) => log.from)]);
  return all.reduce((oldest, at) => Math.min(oldest, Date.parse(at)), nowMs);
}

export interface Chain {
  repository: string;
  /** The backup that the recovery begins with. */
  backupId: string;
  fullAt: string;
  /** Between the full and that backup, itself among them. */
  increments: number;
  tipAt: string;
  isProven: boolean;
  /** How much log follows that backup, up to the point. */
  logMs: number;
}

/** In each repository the newest backup that reaches the point: through its log, or, where there is none, as it is. */
export function chainsTo(lanes: readonly Lane[], pointMs: number, points: Points): Chain[] {
  return lanes.flatMap((lane) => {
    const tip = startsOf(lane).find(({ reach }) => {
      if (!reach || Date.parse(reach.from) > pointMs) return false;
      return points === "backups" || pointMs <= Date.parse(reach.to);
    });
    if (!tip?.reach) return [];
    const { backupId, at, proven, reach } = tip;
    return [
      {
        repository: lane.repository,
        backupId,
        fullAt: reach.fullAt,
        increments: reach.increments,
        tipAt: at,
        isProven: proven,
        logMs: points === "log" ? Math.max(0, pointMs - Date.parse(at)) : 0,
      },
    ];
  });
}

/** Fulls and increments, newest first. */
function startsOf({ fulls, increments }: Lane): Start[] {
  return [...fulls, ...increments].toSorted((one, other) => Date.parse(other.at) - Date.parse(one.at));
}

const STEPS_MS = [
  10_000,
  15_000,
  30_000,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
];

/** Three or four round instants inside a window, for its axis. */
export function axisOf({ fromMs, toMs, id }: Window): number[] {
  // A label of the edge carries seconds and needs more room.
  const most = id === "edge" ? 3 : 4;
  const step = STEPS_MS.find((ms) => (toMs - fromMs) / ms <= most) ?? 7 * DAY;
  const first = Math.ceil(fromMs / step) * step;
  return Array.from({ length: Math.floor((toMs - first) / step) + 1 }, (_, index) => first + index * step);
}
