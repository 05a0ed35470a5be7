import { ValidationError } from "@/lib/kernel/errors";
import { parseInstant } from "@/lib/kernel/time";

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

/**
 * Whether a full is a base for a recovery to the point. Its snapshot lies somewhere between its start and its end, so
 * only a time after its end is surely not before it. A GTID is compared within its own domain.
 */
export function isFullBefore(full: { endedAt: Date; gtid: string }, point: Point): boolean {
  switch (point.kind) {
    case "latest":
      return true;
    case "time":
      return full.endedAt <= point.at;
    case "gtid":
      return isReached(full.gtid, point.gtid, "or-equal");
    case "before-gtid":
      return isReached(full.gtid, point.gtid, "below");
  }
}

/** Whether a position's list has not gone past a GTID of the same domain. */
export function isReached(list: string, gtid: string, bound: "or-equal" | "below"): boolean {
  const [domain, , sequence] = gtid.split("-").map(Number);
  const own = list
    .split(",")
    .map((each) => each.split("-").map(Number))
    .find(([each]) => each === domain);
  if (!own || sequence === undefined) return true;
  const reached = own[2] ?? 0;
  return bound === "or-equal" ? reached <= sequence : reached < sequence;
}
