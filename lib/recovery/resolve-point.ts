import type { LogTransaction, ReplayEnd } from "@/lib/engines/database/port";
import { summarizeError } from "@/lib/kernel/errors";
import type { RestoredTo } from "@/lib/runs/schemas";
import { type Point, formatPoint, isReached } from "./point";

/** Where the log begins that is looked through: the full's position. Its snapshot was taken between the two times. */
export interface PointBase {
  gtid: string;
  file: string;
  offset: number;
  startedAt: Date;
  endedAt: Date;
}

export type ResolvedPoint =
  | { kind: "reached"; end: ReplayEnd; restoredTo: RestoredTo }
  /** Strict: what cannot be reached is refused, with the nearest that can. */
  | { kind: "refused"; message: string; hint: string };

/** Of a log without heartbeats: its event times are whole seconds. */
const EVENT_RESOLUTION_MS = 1_000;

const AROUND = "the full backup may hold more than that, since it was taken around this time";

/** The log up to some transaction. */
interface Reached {
  end: ReplayEnd;
  heartbeatAt: Date | null;
  eventAt: Date;
}

/** A place where a recovery may end, and the transaction that follows it. */
interface Candidate {
  reached: Reached;
  next: LogTransaction | null;
}

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
  const walk = new LogWalk(base);
  if (isBeforeBase(point, base)) return refuse(point, walk, { why: `it lies before the full backup at ${base.gtid}` });
  const transactions = log.transactions[Symbol.asyncIterator]();
  try {
    if (point.kind === "gtid" && isListed(base.gtid, point.gtid)) {
      return settle({ reached: walk.reached, next: await lookAhead(transactions) }, walk);
    }
    for (let item = await transactions.next(); !item.done; item = await transactions.next()) {
      const transaction = item.value;
      if (endsBefore(point, transaction)) return settleBefore(point, walk, transaction);
      walk.step(transaction, point);
      if (point.kind === "gtid" && transaction.gtid === point.gtid) {
        return settle({ reached: walk.reached, next: await lookAhead(transactions) }, walk);
      }
    }
    return settleAtEnd(point, walk);
  } finally {
    await transactions.return?.();
  }
}

function isBeforeBase(point: Point, base: PointBase): boolean {
  if (point.kind === "gtid") return !isReached(base.gtid, point.gtid, "or-equal");
  if (point.kind === "before-gtid") return !isReached(base.gtid, point.gtid, "below");
  return point.kind === "time" && point.at < base.startedAt;
}

function endsBefore(point: Point, transaction: LogTransaction): boolean {
  if (point.kind === "before-gtid") return transaction.gtid === point.gtid;
  return point.kind === "time" && transaction.heartbeat !== null && transaction.heartbeat.at > point.at;
}

/** The transaction after the end, for people. The point does not need it: damage behind it is no reason to refuse. */
async function lookAhead(transactions: AsyncIterator<LogTransaction>): Promise<LogTransaction | null> {
  try {
    const item = await transactions.next();
    return item.done ? null : item.value;
  } catch (error) {
    if (summarizeError(error).code === "ENGINE") return null;
    throw error;
  }
}

/** What is known while the log is read. */
class LogWalk {
  reached: Reached;
  /** Before the first transaction whose event time is after the wanted time. */
  byEventTime: Candidate | null = null;
  /** Between the last two heartbeats. */
  periodMs: number | null = null;
  constructor(readonly base: PointBase) {
    const { file, offset, startedAt } = base;
    this.reached = { end: { gtid: null, file, offset }, heartbeatAt: null, eventAt: startedAt };
  }

  step(transaction: LogTransaction, point: Point): void {
    const isLater = point.kind === "time" && transaction.at > point.at;
    if (isLater) this.byEventTime ??= { reached: this.reached, next: transaction };
    const { heartbeatAt } = this.reached;
    const beatAt = transaction.heartbeat?.at ?? null;
    if (beatAt && heartbeatAt) this.periodMs = Math.max(0, beatAt.getTime() - heartbeatAt.getTime());
    this.reached = {
      end: { gtid: transaction.gtid, file: transaction.file, offset: transaction.endOffset },
      heartbeatAt: beatAt ?? heartbeatAt,
      eventAt: transaction.at,
    };
  }
}

/** Before a heartbeat that is later than the time, or before the named transaction. */
function settleBefore(point: Point, walk: LogWalk, next: LogTransaction): ResolvedPoint {
  if (point.kind === "time" && mayHoldMore(point.at, walk)) {
    return refuse(point, walk, { why: AROUND, next });
  }
  return settle({ reached: walk.reached, next }, walk);
}

/** A heartbeat in the log that is not after the time proves that the snapshot is not either. */
function mayHoldMore(at: Date, walk: LogWalk): boolean {
  return walk.reached.heartbeatAt === null && at < walk.base.endedAt;
}

/** The log ended before the point was met. */
function settleAtEnd(point: Point, walk: LogWalk): ResolvedPoint {
  const { reached, byEventTime } = walk;
  const atEnd: Candidate = { reached, next: null };
  if (point.kind === "latest") return settle(atEnd, walk);
  if (point.kind !== "time") return refuse(point, walk, { why: "the log does not reach it" });
  if (reached.heartbeatAt && reached.heartbeatAt >= point.at) return settle(atEnd, walk);
  const hasNoHeartbeat = reached.heartbeatAt === null;
  if (hasNoHeartbeat && mayHoldMore(point.at, walk)) {
    return refuse(point, walk, { why: AROUND });
  }
  if (hasNoHeartbeat && byEventTime) return settle(byEventTime, walk);
  return refuse(point, walk, { why: "the log does not reach it" });
}

function settle({ reached, next }: Candidate, walk: LogWalk): ResolvedPoint {
  const time = reached.heartbeatAt ?? reached.eventAt;
  return {
    kind: "reached",
    end: reached.end,
    restoredTo: {
      time: time.toISOString(),
      gtid: (reached.end.gtid ?? walk.base.gtid) || null,
      file: reached.end.file,
      offset: reached.end.offset,
      resolutionMs: resolutionOf(reached, next, walk),
      next: next ? { gtid: next.gtid, time: (next.heartbeat?.at ?? next.at).toISOString() } : null,
    },
  };
}

/** How far the state may be from a time that lies between two heartbeats: their own distance, also where some are missing. */
function resolutionOf(reached: Reached, next: LogTransaction | null, walk: LogWalk): number {
  const before = reached.heartbeatAt;
  const after = next?.heartbeat?.at;
  if (after) return Math.max(0, after.getTime() - (before ?? walk.base.startedAt).getTime());
  return before ? (walk.periodMs ?? EVENT_RESOLUTION_MS) : EVENT_RESOLUTION_MS;
}

interface Refusal {
  why: string;
  /** The transaction before which it would have ended. */
  next?: LogTransaction;
}

function refuse(point: Point, walk: LogWalk, { why, next }: Refusal): ResolvedPoint {
  const message = `${formatPoint(point)} cannot be reached: ${why}`;
  return { kind: "refused", message, hint: nearestHint(point, walk, next) };
}

function nearestHint(point: Point, walk: LogWalk, next: LogTransaction | undefined): string {
  const { base, reached } = walk;
  const isEarly = isBeforeBase(point, base) || next !== undefined;
  if (isEarly) {
    const at = next?.heartbeat?.at ?? base.endedAt;
    return `The nearest from this backup is ${at.toISOString()}; an earlier full backup reaches further back.`;
  }
  const at = reached.heartbeatAt ?? reached.eventAt;
  const gtid = reached.end.gtid ?? base.gtid;
  return `The nearest that can be reached is ${at.toISOString()}, gtid:${gtid}; \`latest\` means it.`;
}

function isListed(list: string, gtid: string): boolean {
  return list.split(",").some((each) => each.trim() === gtid);
}
