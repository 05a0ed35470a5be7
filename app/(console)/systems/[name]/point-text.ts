/** A point as a person types it: `latest`, a time with its zone, or a transaction. */
export type TypedPoint =
  | { kind: "latest"; point: "latest" }
  | { kind: "time"; point: string; ms: number }
  | { kind: "gtid"; point: string }
  | { kind: "bad"; reason: string };

const GTID = /^(before-)?gtid:\d+-\d+-\d+$/;
const TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|UTC|[+-]\d{2}:\d{2})$/i;

/** Reads it; a time without a zone is refused, since it would mean another instant elsewhere. */
export function readPoint(text: string): TypedPoint {
  const typed = text.trim();
  if (typed === "" || typed === "latest") return { kind: "latest", point: "latest" };
  if (GTID.test(typed)) return { kind: "gtid", point: typed };
  const match = TIME.exec(typed);
  if (!match) {
    return { kind: "bad", reason: "expected latest, a time such as 2026-11-23 02:41:15 UTC, or gtid:0-1-4711" };
  }
  const [, date = "", time = "", zone = ""] = match;
  const ms = Date.parse(`${date}T${time}${/^(z|utc)$/i.test(zone) ? "Z" : zone}`);
  if (Number.isNaN(ms)) return { kind: "bad", reason: `"${typed}" is not a time that exists` };
  return { kind: "time", point: new Date(ms).toISOString(), ms };
}
