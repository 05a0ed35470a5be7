"use client";

import Link from "next/link";
import { useZone } from "@/components/patterns/clock";
import { formatInstant } from "@/components/patterns/instant";
import { KeyValue, KeyValues, Pane, PaneHead } from "@/components/patterns/pane";
import { Glyph } from "@/components/patterns/status";
import { Instant } from "@/components/patterns/time";
import type { DrillPeriods, DrillPeriodView, DrillTaskView } from "@/lib/drills/schemas";
import { DRILL_TONE, DRILL_WORD, periodTitle } from "../drills/drill-status";

/** The month's checklist, with quarter and year in a line each. */
export function DrillsPane({ drills }: { drills: DrillPeriods | undefined }) {
  const month = drills?.periods.find((period) => period.cadence === "monthly");
  const others = drills?.periods.filter((period) => period.cadence !== "monthly") ?? [];
  return (
    <Pane label="Drills">
      <PaneHead
        title={month ? `Drills, ${periodTitle(month)}` : "Drills"}
        scope={month ? `${month.counts.signed ?? 0} of ${month.tasks.length} signed off` : null}
        more={<Link href="/drills">All</Link>}
      />
      {month?.tasks.length === 0 && (
        <p className="text-ink-3">No task of this month was opened yet; a runner opens them.</p>
      )}
      <ul>
        {month?.tasks.map((task) => (
          <TaskLine key={task.id} task={task} />
        ))}
      </ul>
      <KeyValues className="mt-1">
        {others.map((period) => (
          <KeyValue key={period.name} name={periodTitle(period)}>
            <PeriodLine period={period} />
          </KeyValue>
        ))}
      </KeyValues>
    </Pane>
  );
}

function TaskLine({ task }: { task: DrillTaskView }) {
  const act = task.maySign ? "Sign off" : task.mayComplete ? "Complete" : null;
  return (
    <li className="flex h-6 items-center gap-2 phone:h-8 tall:h-7">
      <Glyph tone={DRILL_TONE[task.state]} label={DRILL_WORD[task.state]} />
      <span className="truncate" title={task.title}>
        {task.title}
      </span>
      <span className="ml-auto text-12 whitespace-nowrap text-ink-3">
        {act ? (
          <Link href={task.mayComplete ? `/drills?task=${task.id}` : `/drills#${task.id}`} className="text-ink link">
            {act}
          </Link>
        ) : (
          DRILL_WORD[task.state].toLowerCase()
        )}
      </span>
      <Instant
        at={task.signedAt ?? task.dueAt}
        form="day"
        className="w-11 shrink-0 text-right text-12 whitespace-nowrap text-ink-3"
      />
    </li>
  );
}

function PeriodLine({ period }: { period: DrillPeriodView }) {
  const { zone } = useZone();
  const open = period.tasks.find((task) => task.state === "overdue" || task.state === "due");
  const due = open ? `${lowerFirst(open.title)} by ${formatInstant(Date.parse(open.dueAt), "day", zone)}` : "all done";
  return (
    <>
      {period.counts.signed ?? 0} of {period.tasks.length} <span className="text-ink-3">{due}</span>
    </>
  );
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
