import type { LogTransaction, ReplayEnd } from "@/lib/engines/database/port";
import { ValidationError } from "@/lib/kernel/errors";
import { parseInstant } from "@/lib/kernel/time";
import type { RestoredTo } from "@/lib/runs/schemas";

/* POINT of the contract: where a recovery ends. Always a prefix of the server's commit order, never a filter by time. */

export type Point =
  | { kind: "latest" }
  /** Ends before the first heartbeat stamped after it. */
  | { kind: "time"; at: Date }
  /** Up to and including it. */
  | { kind: "gtid"; gtid: string }
  | { kind: "before-gtid"; gtid: string };

const GTID = /^\d+-\d+-\d+$/;

/** @throws ValidationError for anything that is not a POINT */
export function parsePoint(text: string): Point {
  if (text === "latest") return { kind: "latest" };
  for (const kind of ["gtid", "before-gtid"] as const) {
    const gtid = text.startsWith(`${kind}:`) ? text.slice(kind.length + 1) : undefined;
    if (gtid !== undefined && GTID.test(gtid)) return { kind, gtid };
  }
  const at = parseInstant(text);
  if (at) return { kind: "time", at };
  throw new ValidationError([
    {
      path: "at",
      message: `"${text}" is not a point: expected latest, an RFC 3339 time with its offset, gtid:D-S-N or before-gtid:D-S-N`,
    },
  ]);
}

/** As a person writes it. */
export function formatPoint(point: Point): string {
  switch (point.kind) {
    case "latest":
      return "latest";
    case "time":
      return point.at.toISOString();
    case "gtid":
    case "before-gtid":
      return `${point.kind}:${point.gtid}`;
  }
}

/** Whether a full may be the base of a recovery to the point. A GTID is compared within its own domain. */
export function isFullBefore(full: { startedAt: Date; gtid: string }, point: Point): boolean {
  switch (point.kind) {
    case "latest":
      return true;
    case "time":
      return full.startedAt <= point.at;
    case "gtid":
      return isReached(full.gtid, point.gtid, "or-equal");
    case "before-gtid":
      return isReached(full.gtid, point.gtid, "below");
  }
}

/** Whether a position's list has not gone past a GTID of the same domain. */
function isReached(list: string, gtid: string, bound: "or-equal" | "below"): boolean {
  const [domain, , sequence] = gtid.split("-").map(Number);
  const own = list
    .split(",")
    .map((each) => each.split("-").map(Number))
    .find(([each]) => each === domain);
  if (!own || sequence === undefined) return true;
  const reached = own[2] ?? 0;
  return bound === "or-equal" ? reached <= sequence : reached < sequence;
}

/** Where the log begins that is looked through: the full's own position and time. */
export interface PointBase {
  gtid: string;
  file: string;
  offset: number;
  at: Date;
}

export type ResolvedPoint =
  | { kind: "reached"; end: ReplayEnd; restoredTo: RestoredTo }
  /** Strict: what cannot be reached is refused, with the nearest that can. */
  | { kind: "refused"; message: string; hint: string };

/** What is known of the log up to some transaction. */
interface Reached {
  end: ReplayEnd;
  lastGtid: string;
  heartbeatAt: Date | null;
  eventAt: Date;
}

/** Of a log without heartbeats: its event times are whole seconds. */
const EVENT_RESOLUTION_MS = 1_000;

/**
 * Finds where a replay ends. Reads the transactions once, in commit order, and keeps none of them.
 * For a time: before the first heartbeat transaction stamped after it, so the resolution is the heartbeat's period;
 * where the log holds no heartbeat, before the first transaction whose event time is after it.
 */
export async function resolvePoint(
  point: Point,
  log: { base: PointBase; transactions: AsyncIterable<LogTransaction> },
): Promise<ResolvedPoint> {
  const { base } = log;
  let reached: Reached = {
    end: { gtid: null, file: base.file, offset: base.offset },
    lastGtid: base.gtid,
    heartbeatAt: null,
    eventAt: base.at,
  };
  // A time may be settled by a heartbeat or, where none follows, by the event times: both candidates are kept.
  let byEventTime: { reached: Reached; next: LogTransaction } | undefined;
  const beats = new Periods();
  for await (const transaction of log.transactions) {
    if (point.kind === "before-gtid" && transaction.gtid === point.gtid) return settle(reached, transaction, beats);
    if (point.kind === "time") {
      if (transaction.heartbeat && transaction.heartbeat.at > point.at) return settle(reached, transaction, beats);
      if (transaction.at > point.at) byEventTime ??= { reached, next: transaction };
    }
    beats.add(transaction);
    reached = advance(reached, transaction);
    if (point.kind === "gtid" && transaction.gtid === point.gtid) return settle(reached, undefined, beats);
  }
  return settleEnd(point, { base, reached, byEventTime, beats });
}

function advance(reached: Reached, transaction: LogTransaction): Reached {
  return {
    end: { gtid: transaction.gtid, file: transaction.file, offset: transaction.endOffset },
    lastGtid: transaction.gtid,
    heartbeatAt: transaction.heartbeat?.at ?? reached.heartbeatAt,
    eventAt: transaction.at,
  };
}

function settle(reached: Reached, next: LogTransaction | undefined, beats: Periods): ResolvedPoint {
  const time = reached.heartbeatAt ?? (beats.has() ? null : reached.eventAt);
  return {
    kind: "reached",
    end: reached.end,
    restoredTo: {
      time: time?.toISOString() ?? null,
      gtid: reached.lastGtid || null,
      file: reached.end.file,
      offset: reached.end.offset,
      resolutionMs: beats.resolutionMs(),
      next: next ? { gtid: next.gtid, time: (next.heartbeat?.at ?? next.at).toISOString() } : null,
    },
  };
}

interface LogEnd {
  base: PointBase;
  reached: Reached;
  byEventTime: { reached: Reached; next: LogTransaction } | undefined;
  beats: Periods;
}

/** The log ended before the point was met. */
function settleEnd(point: Point, { base, reached, byEventTime, beats }: LogEnd): ResolvedPoint {
  if (point.kind === "latest") return settle(reached, undefined, beats);
  if (point.kind === "time" && !beats.has() && byEventTime) {
    return settle(byEventTime.reached, byEventTime.next, beats);
  }
  if (point.kind === "time" && reached.heartbeatAt && reached.heartbeatAt >= point.at) {
    return settle(reached, undefined, beats);
  }
  if (point.kind === "gtid" && isListed(base.gtid, point.gtid)) {
    const atBase = { end: { gtid: null, file: base.file, offset: base.offset }, lastGtid: base.gtid };
    return settle({ ...atBase, heartbeatAt: null, eventAt: base.at }, undefined, beats);
  }
  const nearest = reached.heartbeatAt ?? reached.eventAt;
  return {
    kind: "refused",
    message: `the log does not reach ${formatPoint(point)}`,
    hint: `The nearest that can be reached is ${nearest.toISOString()}, gtid:${reached.lastGtid}; \`latest\` means it.`,
  };
}

function isListed(list: string, gtid: string): boolean {
  return list.split(",").includes(gtid);
}

/** The heartbeat's own period, as the log shows it: the resolution of a time. */
class Periods {
  #last: Date | null = null;
  #longestMs = 0;

  add({ heartbeat }: LogTransaction): void {
    if (!heartbeat) return;
    if (this.#last) this.#longestMs = Math.max(this.#longestMs, heartbeat.at.getTime() - this.#last.getTime());
    this.#last = heartbeat.at;
  }

  has(): boolean {
    return this.#last !== null;
  }

  resolutionMs(): number {
    return this.#longestMs > 0 ? this.#longestMs : EVENT_RESOLUTION_MS;
  }
}
