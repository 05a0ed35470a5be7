/* What a recovery line shows: windows of time, each with its own scale, and the chains that reach a point. */

export interface Lane {
  repository: string;
  recoverableTo: string | null;
  fulls: readonly { backupId: string; at: string; state: "present" | "missing"; proven: boolean }[];
  /** Continuous stretches of log. */
  logs: readonly { from: string; to: string }[];
}

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

/** From the oldest point to now: a month, a week and a day as far as points are that old, and always the last minute. */
export function windowsOf(oldestMs: number, nowMs: number): Window[] {
  const age = nowMs - oldestMs;
  const span = SPANS.find(({ ms }) => age <= ms * 0.98) ?? SPANS[3];
  const dayFrom = nowMs - span.ms;
  const windows: Window[] = [
    { id: "day", title: "Any second", scope: span.scope, fromMs: dayFrom, toMs: nowMs, share: 396 },
    { id: "edge", title: "The edge", scope: "one minute", fromMs: nowMs - MINUTE, toMs: nowMs, share: 210 },
  ];
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
  const all = lanes.flatMap((lane) => [...lane.fulls.map((full) => full.at), ...lane.logs.map((log) => log.from)]);
  return all.reduce((oldest, at) => Math.min(oldest, Date.parse(at)), nowMs);
}

export interface Chain {
  repository: string;
  backupId: string;
  fullAt: string;
  isProven: boolean;
  /** How much log follows the full, up to the point. */
  logMs: number;
}

/** A log may begin this much after its full: the full's time is its start, the log's its first event. */
const JOIN_MS = 2_000;

/** In each repository the newest full before the point whose log reaches it without a hole. */
export function chainsTo(lanes: readonly Lane[], pointMs: number): Chain[] {
  return lanes.flatMap((lane) => {
    const fulls = lane.fulls
      .filter((full) => full.state === "present" && Date.parse(full.at) <= pointMs)
      .toSorted((one, other) => Date.parse(other.at) - Date.parse(one.at));
    const full = fulls.find(({ at }) => {
      const fullMs = Date.parse(at);
      if (pointMs === fullMs) return true;
      return lane.logs.some((log) => Date.parse(log.from) <= fullMs + JOIN_MS && Date.parse(log.to) >= pointMs);
    });
    if (!full) return [];
    const { backupId, at, proven } = full;
    return [{ repository: lane.repository, backupId, fullAt: at, isProven: proven, logMs: pointMs - Date.parse(at) }];
  });
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
