import type { Tone } from "@/components/patterns/status";
import type { DrillPeriodView, DrillState } from "@/lib/drills/schemas";

export const DRILL_TONE: Record<DrillState, Tone> = {
  due: "idle",
  done: "warning",
  signed: "ok",
  overdue: "warning",
  missed: "failed",
};

export const DRILL_WORD: Record<DrillState, string> = {
  due: "Due",
  done: "Done, to be signed",
  signed: "Signed off",
  overdue: "Overdue",
  missed: "Missed",
};

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** `November`, `Quarter 4`, `2026`; with its year where it is not the present one's list. */
export function periodTitle(period: Pick<DrillPeriodView, "name">, hasYear = false): string {
  const [year = "", part] = period.name.split("-");
  if (!part) return year;
  const title = part.startsWith("Q") ? `Quarter ${part.slice(1)}` : (MONTHS[Number(part) - 1] ?? part);
  return hasYear ? `${title} ${year}` : title;
}
