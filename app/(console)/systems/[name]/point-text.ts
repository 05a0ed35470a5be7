/** A point as a person types it: `latest`, a time with its zone, or a transaction. */
export type TypedPoint =
  | { kind: "latest"; point: "latest" }
  | { kind: "time"; point: string; ms: number }
  | { kind: "gtid"; point: string }
  | { kind: "bad"; reason: string };

const GTID = /^(before-)?gtid:\d+-\d+-\d+$/;
const TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|UTC|[+-]\d{2}:\d{2})?$/i;
/** A day of UTC by its word, and then the time in UTC: in another zone another day might be meant. */
const NEAR = /^(?:(today|yesterday)\s+)?(\d{2}:\d{2}(?::\d{2})?)\s*(?:Z|UTC)$/i;
const DAY_MS = 86_400_000;

/** Reads it; a time without a zone is refused, since it would mean another instant elsewhere. `nowMs` is what "yesterday" is told from. */
export function readPoint(text: string, nowMs: number): TypedPoint {
  const typed = text.trim();
  if (typed === "" || typed === "latest") return { kind: "latest", point: "latest" };
  if (GTID.test(typed)) return { kind: "gtid", point: typed };
  const match = TIME.exec(withDay(typed, nowMs));
  if (!match) {
    return {
      kind: "bad",
      reason: "expected latest, a time such as 2026-11-23 02:41:15 UTC or yesterday 14:05 UTC, or gtid:0-1-4711",
    };
  }
  const [, date = "", time = "", zone = ""] = match;
  if (!zone) return { kind: "bad", reason: `say its zone as well: "${typed} UTC", or an offset such as +02:00` };
  const ms = Date.parse(`${date}T${time}${/^(z|utc)$/i.test(zone) ? "Z" : zone}`);
  if (Number.isNaN(ms)) return { kind: "bad", reason: `"${typed}" is not a time that exists` };
  return { kind: "time", point: new Date(ms).toISOString(), ms };
}

/** `yesterday 14:05 UTC` and `14:05 UTC` with their day written out. */
function withDay(typed: string, nowMs: number): string {
  const match = NEAR.exec(typed);
  if (!match) return typed;
  const [, word = "today", time = ""] = match;
  const day = new Date(word.toLowerCase() === "yesterday" ? nowMs - DAY_MS : nowMs);
  return `${day.toISOString().slice(0, 10)} ${time} UTC`;
}
