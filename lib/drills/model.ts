import { type Cadence, type Period, parseInstant, periodAt } from "@/lib/kernel/time";
import { type DrillState, PERIOD_NAME } from "./schemas";

/** How long after its period a task can still be done. Then it is missed for good: a test of November says nothing more
 *  about November when it is held in January. */
export const GRACE_MS = 7 * 86_400_000;

export interface TaskDates {
  dueAt: Date;
  doneAt: Date | null;
  signedAt: Date | null;
}

/** Where a task stands at an instant. */
export function drillStateOf(task: TaskDates, now: Date): DrillState {
  if (task.signedAt) return "signed";
  if (task.doneAt) return "done";
  if (now <= task.dueAt) return "due";
  return now.getTime() <= task.dueAt.getTime() + GRACE_MS ? "overdue" : "missed";
}

/** Whether it was done after it was due, or waits for its sign-off beyond that. */
export function isLate(task: TaskDates, now: Date): boolean {
  if (!task.doneAt) return false;
  return task.doneAt > task.dueAt || (task.signedAt === null && now > task.dueAt);
}

/** The last instant of a period, as milliseconds tell it. */
export function dueAtOf(period: Period): Date {
  return new Date(period.endsAt.getTime() - 1);
}

/** The period that a name such as `2026-11`, `2026-Q4` or `2026` means, or null. */
export function parsePeriod(name: string): Period | null {
  if (!PERIOD_NAME.test(name)) return null;
  const year = name.slice(0, 4);
  const rest = name.slice(5);
  const month = rest.startsWith("Q") ? String((Number(rest.slice(1)) - 1) * 3 + 1).padStart(2, "0") : rest || "01";
  const start = parseInstant(`${year}-${month}-01T00:00:00Z`);
  return start && periodAt(cadenceOf(rest), start);
}

function cadenceOf(rest: string): Cadence {
  if (rest === "") return "annual";
  return rest.startsWith("Q") ? "quarterly" : "monthly";
}

const PERIODS_MAX = 36;

/** The periods that want tasks: the present one, and those that went by unseen since the newest one known, so that a
 *  console that was down does not hide what was missed in that time. Oldest first. */
export function periodsToOpen(cadence: Cadence, lastDueAt: Date | null, now: Date): Period[] {
  const periods = [periodAt(cadence, now)];
  while (lastDueAt && periods.length < PERIODS_MAX) {
    const before = periodAt(cadence, new Date((periods[0]?.startsAt.getTime() ?? 0) - 1));
    if (before.startsAt <= lastDueAt) break;
    periods.unshift(before);
  }
  return periods;
}
