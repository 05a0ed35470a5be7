import { formatInstant } from "./instant";

export type DayState = "ok" | "incomplete" | "failed" | "missed" | "running" | "none";

interface CalendarProps {
  /** Oldest first. `date` is a UTC day such as `2026-11-23`. */
  days: readonly { date: string; state: DayState }[];
  className?: string;
}

/** Full = ok, lower half = incomplete, split = failed, hollow = missed, right half = running. */
export const DAY_LOOK: Record<DayState, string> = {
  ok: "bg-ok-tint",
  incomplete: "bg-linear-to-b from-transparent from-47% to-warning to-47%",
  failed: "[background:linear-gradient(var(--failed)_0_40%,transparent_40%_60%,var(--failed)_60%)]",
  missed: "border border-idle",
  running: "border border-running bg-linear-to-r from-transparent from-50% to-running to-50%",
  none: "bg-bar",
};

export const DAY_WORD: Record<DayState, string> = {
  ok: "ok",
  incomplete: "incomplete",
  failed: "failed",
  missed: "missed",
  running: "running",
  none: "nothing due",
};

/** A cell a day, newest right. */
export function Calendar({ days, className = "" }: CalendarProps) {
  const day = (date: string) => formatInstant(Date.parse(`${date}T00:00:00Z`), "day", "UTC");
  const bad = days.filter((cell) => cell.state !== "ok" && cell.state !== "none");
  const known = days.some((cell) => cell.state !== "none");
  const rest = known ? "the rest ok" : "nothing yet";
  const label = `${days.length} days: ${[...bad.map((cell) => `${day(cell.date)} ${DAY_WORD[cell.state]}`), rest].join(", ")}`;
  return (
    <span role="img" aria-label={label} className={`flex h-[15px] gap-px tall:h-[18px] ${className}`}>
      {days.map((cell) => (
        <span
          key={cell.date}
          title={`${day(cell.date)}: ${DAY_WORD[cell.state]}`}
          className={`flex-1 ${DAY_LOOK[cell.state]}`}
        />
      ))}
    </span>
  );
}
