import type { CalendarState } from "./schemas";

/** What one day of one system and type is made of. */
export interface DayFacts {
  /** States of the backups that began on it. */
  backups: readonly string[];
  /** States of slots that were due on it and ended without a backup. */
  slots: readonly string[];
  hasGap: boolean;
  /** Repositories that hold log of that day; null where no log is kept. */
  logIn: number | null;
  /** In how many it should lie. */
  repositories: number;
}

/**
 * One word for a day, worst first: a day with one failure and nine successes is one to look at. What is still under
 * way hides no failure, and is no success yet. An expired backup was whole on its day.
 */
export function judgeDay(facts: DayFacts): CalendarState {
  const { backups, slots, hasGap, logIn, repositories } = facts;
  const has = (state: string) => backups.includes(state) || slots.includes(state);
  const log = logIn ?? 0;
  if (has("failed") || hasGap) return "failed";
  if (has("missed")) return "missed";
  if (has("incomplete") || (log > 0 && log < repositories)) return "incomplete";
  if (has("running")) return "running";
  return backups.length + log > 0 ? "ok" : "none";
}

const DAY_MS = 86_400_000;

/** The last so many days of UTC, oldest first, such as `2026-11-23`. */
export function lastDays(now: Date, days: number): string[] {
  return Array.from({ length: days }, (_, index) =>
    new Date(now.getTime() - (days - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  );
}
