"use client";

import { Fragment, type KeyboardEvent, type MouseEvent } from "react";
import { DAY_LOOK, DAY_WORD, type DayState } from "./calendar";
import { formatInstant } from "./instant";

export interface DayRow {
  /** What rows belong together: named once, at the first of them. */
  group: string;
  name: string;
  /** Oldest first; all rows have the same days of UTC. */
  days: readonly { date: string; state: DayState; count: number }[];
}

export interface DayChoice {
  group: string;
  name: string;
  date: string;
}

interface DayGridProps {
  label: string;
  rows: readonly DayRow[];
  chosen: DayChoice | null;
  href: (choice: DayChoice) => string;
  onChoose: (choice: DayChoice) => void;
}

/** How many days a phone shows: as many as a finger can tell apart. */
const PHONE_DAYS = 13;

const dayText = (date: string, form: "day" | "weekday") => formatInstant(Date.parse(`${date}T00:00:00Z`), form, "UTC");
const keyOf = (choice: DayChoice) => `${choice.group} ${choice.name} ${choice.date}`;

/** Arrow keys walk the cells, Home and End a row's ends; Enter opens one, as links do. One cell alone is a tab stop. */
function walkCells(event: KeyboardEvent<HTMLElement>) {
  const { target } = event;
  if (!(target instanceof HTMLAnchorElement) || target.dataset["row"] === undefined) return;
  const row = Number(target.dataset["row"]);
  const day = Number(target.dataset["day"]);
  const last = target.closest("tr")?.querySelectorAll("a").length ?? 0;
  const goals: Record<string, [number, number]> = {
    ArrowLeft: [row, day - 1],
    ArrowRight: [row, day + 1],
    ArrowUp: [row - 1, day],
    ArrowDown: [row + 1, day],
    Home: [row, 0],
    End: [row, last - 1],
  };
  const goal = goals[event.key];
  if (!goal) return;
  event.preventDefault();
  event.currentTarget.querySelector<HTMLElement>(`a[data-row="${goal[0]}"][data-day="${goal[1]}"]`)?.focus();
}

/** A cell a day for each row. A cell is a link to what happened on it. */
export function DayGrid({ label, rows, chosen, href, onChoose }: DayGridProps) {
  const days = rows[0]?.days ?? [];
  const hidden = days.length - PHONE_DAYS;
  const onPhone = (day: number) => (day < hidden ? "phone:hidden" : "");
  const chosenKey = chosen && keyOf(chosen);
  const isThere = rows.some((row) => row.days.some((day) => keyOf({ ...row, date: day.date }) === chosenKey));
  const choose = (event: MouseEvent<HTMLElement>) => {
    const cell = event.target instanceof Element ? event.target.closest("a") : null;
    const row = rows[Number(cell?.dataset["row"])];
    const day = row?.days[Number(cell?.dataset["day"])];
    if (!row || !day || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    onChoose({ group: row.group, name: row.name, date: day.date });
  };
  return (
    <table aria-label={label} className="w-full table-fixed border-collapse" onKeyDown={walkCells} onClick={choose}>
      <colgroup>
        <col className="w-[186px] phone:w-0" />
        {days.map((day, index) => (
          <col key={day.date} className={onPhone(index)} />
        ))}
        <col className="w-[204px] phone:hidden" />
      </colgroup>
      <thead className="sticky top-0 z-10 bg-bg text-11 text-ink-3">
        <tr className="h-6">
          <th scope="col" className="pl-4 text-12 phone:sr-only">
            System, type
          </th>
          {days.map((day, index) => (
            <th
              key={day.date}
              scope="col"
              title={dayText(day.date, "weekday")}
              className={`text-center! ${onPhone(index)}`}
            >
              <span className="sr-only">{dayText(day.date, "day")}</span>
              <span aria-hidden="true">{Number(day.date.slice(8))}</span>
            </th>
          ))}
          <th scope="col" className="pl-3 text-12 phone:hidden">
            In words
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row, rowIndex) => {
          const isFirst = rows[rowIndex - 1]?.group !== row.group;
          return (
            <Fragment key={`${row.group} ${row.name}`}>
              <tr className={`hidden phone:table-row ${isFirst ? "border-t border-line" : ""}`}>
                <th colSpan={PHONE_DAYS + 1} scope="rowgroup" className="px-3 pt-1.5 text-12">
                  <span className="font-medium">{isFirst && row.group}</span> {row.name}
                  <span className="float-right text-ink-3">{inWords(row)}</span>
                </th>
              </tr>
              <tr className={isFirst ? "border-t border-line phone:border-t-0" : ""}>
                <th scope="row" className="truncate pl-4 phone:w-0 phone:p-0">
                  <span className="phone:sr-only">
                    <span className={isFirst ? "font-medium" : "sr-only"}>{row.group}</span>{" "}
                    <span className={`text-12 text-ink-3 ${isFirst ? "" : "pl-3"}`}>{row.name}</span>
                  </span>
                </th>
                {row.days.map((day, dayIndex) => {
                  const choice = { group: row.group, name: row.name, date: day.date };
                  const isChosen = keyOf(choice) === chosenKey;
                  const isStop = isThere ? isChosen : rowIndex === 0 && dayIndex === days.length - 1;
                  const words = `${dayText(day.date, "day")}, ${row.group} ${row.name}: ${DAY_WORD[day.state]}${day.count > 1 ? `, ${day.count} backups` : ""}`;
                  return (
                    <td key={day.date} className={`p-0 ${onPhone(dayIndex)}`}>
                      <a
                        href={href(choice)}
                        aria-label={words}
                        title={words}
                        {...(isChosen ? { "aria-current": "date" as const } : {})}
                        data-row={rowIndex}
                        data-day={dayIndex}
                        tabIndex={isStop ? 0 : -1}
                        className={`mx-px flex h-6 items-center rounded-1 px-px phone:h-8 ${isChosen ? "bg-pressed outline-2 outline-ink" : "hover:bg-hover"}`}
                      >
                        <i className={`h-4 flex-1 phone:h-5 ${DAY_LOOK[day.state]}`} />
                      </a>
                    </td>
                  );
                })}
                <td className="truncate pl-3 text-12 text-ink-3 phone:hidden">{inWords(row)}</td>
              </tr>
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

const WORTH_WORDS = ["failed", "missed", "incomplete", "running"] as const;

/** `1 failed, 2 missed`; `all ok`. */
function inWords(row: DayRow): string {
  const counts = WORTH_WORDS.flatMap((state) => {
    const count = row.days.filter((day) => day.state === state).length;
    return count > 0 ? [`${count} ${DAY_WORD[state]}`] : [];
  });
  if (counts.length > 0) return counts.join(", ");
  return row.days.some((day) => day.state === "ok") ? "all ok" : "nothing yet";
}

/** What the shapes mean. */
export function DayLegend() {
  const states: DayState[] = ["ok", "incomplete", "failed", "missed", "running", "none"];
  return (
    <ul aria-label="Legend" className="flex flex-wrap items-center gap-x-4 gap-y-1 text-12 text-ink-2">
      {states.map((state) => (
        <li key={state} className="inline-flex items-center gap-1.5">
          <i aria-hidden="true" className={`h-3.5 w-2.5 ${DAY_LOOK[state]}`} />
          {DAY_WORD[state]}
        </li>
      ))}
    </ul>
  );
}
