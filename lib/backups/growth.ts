/** Bytes of one system and type in one repository that were written on one day. */
export interface WrittenBytes {
  day: string;
  /** `log`: of the shipped log; otherwise a backup's type. */
  kind: string;
  /** Retention has removed them since. */
  isGone: boolean;
  bytes: number;
}

/** For how many days each kind is kept; a kind without an entry is kept for ever. */
export type RetainedDays = Readonly<Partial<Record<string, number>>>;

const DAY_MS = 86_400_000;

/**
 * What lay there at the end of each day, from what the catalogue knows; null before the first of it.
 * What is gone counts from its day until its retention ended. Log that is gone leaves no row: where it is kept for
 * fewer days than are asked for, what lies there now counts on every day.
 */
export function storedByDay(
  written: readonly WrittenBytes[],
  days: readonly string[],
  retained: RetainedDays,
): (number | null)[] {
  const [firstDay] = days;
  if (firstDay === undefined || written.length === 0) return days.map(() => null);
  const isSteady = (each: WrittenBytes) => each.kind === "log" && (retained["log"] ?? Infinity) < days.length;
  const moving = written.filter((each) => !isSteady(each));
  const steady = sumOf(written.filter(isSteady));
  const began = moving.reduce((first, each) => (each.day < first ? each.day : first), moving[0]?.day ?? firstDay);
  return days.map((day) => {
    if (day < began) return null;
    const there = moving.filter((each) => each.day <= day && !(each.isGone && endOf(each, retained) <= day));
    return steady + sumOf(there);
  });
}

/** The day on which it was gone; one whose retention nobody knows any more is taken as gone at once. */
function endOf({ day, kind }: WrittenBytes, retained: RetainedDays): string {
  const kept = retained[kind] ?? 0;
  return new Date(Date.parse(`${day}T00:00:00Z`) + kept * DAY_MS).toISOString().slice(0, 10);
}

const sumOf = (written: readonly WrittenBytes[]) => written.reduce((sum, each) => sum + each.bytes, 0);

/** Whether the oldest of it is younger than its retention: nothing has gone yet, and growth will slow down. */
export function isYoung(written: readonly WrittenBytes[], retained: RetainedDays, today: string): boolean {
  const fulls = written.filter((each) => each.kind === "full");
  const kept = retained["full"];
  if (fulls.length === 0 || kept === undefined) return false;
  return fulls.every((each) => endOf(each, retained) > today);
}
