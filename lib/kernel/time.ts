import { Temporal } from "temporal-polyfill";

/** The clock of everything that is not given another one. */
export function systemNow(): Date {
  return new Date();
}

/** Milliseconds of a clock that never goes backwards: for durations only. */
export function monotonicMs(): number {
  return performance.now();
}

const UNIT_SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Seconds of a duration such as `90s`, `15m`, `4h`, `30d`. Returns null when it is not one. */
export function parseDurationSeconds(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(text.trim());
  if (!match) return null;
  return Number(match[1]) * UNIT_SECONDS[match[2] as keyof typeof UNIT_SECONDS];
}

/** An RFC 3339 instant as a Date, or null. A time without an offset is refused: it would mean another instant elsewhere. */
export function parseInstant(text: string): Date | null {
  try {
    return new Date(Temporal.Instant.from(text).epochMilliseconds);
  } catch {
    return null; // not an instant: the answer is the null
  }
}

/** Months, quarters and years of UTC, named as in drill periods: `2026-11`, `2026-Q4`, `2026`. */
export type Cadence = "monthly" | "quarterly" | "annual";

export interface Period {
  name: string;
  cadence: Cadence;
  startsAt: Date;
  /** The first instant after the period. */
  endsAt: Date;
}

/** The UTC period of a cadence that holds an instant. */
export function periodAt(cadence: Cadence, at: Date): Period {
  const day = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO("UTC").toPlainDate();
  const months = { monthly: 1, quarterly: 3, annual: 12 }[cadence];
  const firstMonth = Math.floor((day.month - 1) / months) * months + 1;
  const start = Temporal.PlainDate.from({ year: day.year, month: firstMonth, day: 1 });
  const instant = (date: Temporal.PlainDate) => new Date(date.toZonedDateTime("UTC").epochMilliseconds);
  const name = {
    monthly: `${day.year}-${String(day.month).padStart(2, "0")}`,
    quarterly: `${day.year}-Q${(firstMonth - 1) / 3 + 1}`,
    annual: String(day.year),
  }[cadence];
  return { name, cadence, startsAt: instant(start), endsAt: instant(start.add({ months })) };
}
