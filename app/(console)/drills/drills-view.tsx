"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { parseAsString, useQueryState } from "nuqs";
import { drillHistoryQuery, drillsQuery } from "@/app/_client/queries";
import { PageHeading, PageTitle, PaneHead } from "@/components/patterns/pane";
import { Empty, Loaded } from "@/components/patterns/states";
import { Glyph } from "@/components/patterns/status";
import { Instant } from "@/components/patterns/time";
import { buttonStyles } from "@/components/ui/button";
import type { DrillPeriodView, DrillTaskView } from "@/lib/drills/schemas";
import { CompleteDialog } from "./complete-dialog";
import { DRILL_TONE, DRILL_WORD, periodTitle } from "./drill-status";
import { TaskRow } from "./task-row";

const CADENCE_WORD = { monthly: "every month", quarterly: "every quarter", annual: "every year" } as const;

/** The recovery testing schedule as a checklist: due, done with evidence, signed off by another person, or missed. */
export function DrillsView() {
  const drills = useQuery(drillsQuery());
  const history = useQuery(drillHistoryQuery()).data?.periods ?? [];
  const [evidence, setEvidence] = useQueryState("evidence", parseAsString);
  const [completing, setCompleting] = useQueryState("task", parseAsString);
  const close = () => {
    void setCompleting(null);
    void setEvidence(null);
  };
  return (
    <>
      <PageTitle
        acts={
          <Link href="/recovery" className={buttonStyles()}>
            Runbooks
          </Link>
        }
      >
        <PageHeading>Drills</PageHeading>
        <span className="text-ink-3">done and signed off are two acts of two people</span>
      </PageTitle>
      {evidence && !completing && <ChooseTask onLeave={close} />}
      <Loaded answer={drills} rows={8}>
        {({ periods }) => (
          <Periods
            periods={periods}
            completing={completing}
            evidence={evidence}
            onComplete={(id) => void setCompleting(id)}
            onClose={close}
          />
        )}
      </Loaded>
      <History periods={history} />
    </>
  );
}

function ChooseTask({ onLeave }: { onLeave: () => void }) {
  return (
    <p className="flex items-center gap-2 border-t border-line bg-hover px-4 py-2 phone:px-3">
      <Glyph tone="running" />
      Choose the task that this run proves.
      <button type="button" className="ml-auto text-12 link" onClick={onLeave}>
        Leave it
      </button>
    </p>
  );
}

interface PeriodsProps {
  periods: readonly DrillPeriodView[];
  completing: string | null;
  evidence: string | null;
  onComplete: (taskId: string) => void;
  onClose: () => void;
}

function Periods({ periods, completing, evidence, onComplete, onClose }: PeriodsProps) {
  const tasks = periods.flatMap((period) => period.tasks);
  const task = tasks.find((each) => each.id === completing);
  if (tasks.length === 0) {
    return (
      <Empty title="No task is open">
        <p>A runner opens the tasks of each month, quarter and year. None has worked yet: is one running?</p>
      </Empty>
    );
  }
  return (
    <>
      {periods.map((period) => (
        <Period key={period.name} period={period} onComplete={onComplete} />
      ))}
      {task && <CompleteDialog key={task.id} task={task} evidenceRunId={evidence} onClose={onClose} />}
    </>
  );
}

function Period({ period, onComplete }: { period: DrillPeriodView; onComplete: (id: string) => void }) {
  if (period.tasks.length === 0) return null;
  const { counts } = period;
  const scope = [
    `${counts.signed ?? 0} of ${period.tasks.length} signed off`,
    counts.overdue ? `${counts.overdue} overdue` : null,
  ];
  return (
    <section aria-label={periodTitle(period, true)} className="border-t border-line">
      <PaneHead
        title={periodTitle(period, true)}
        scope={[CADENCE_WORD[period.cadence], ...scope].filter(Boolean).join(", ")}
        className="px-4 phone:px-3"
      />
      <ul>
        {period.tasks.map((task) => (
          <TaskRow key={task.id} task={task} onComplete={() => onComplete(task.id)} />
        ))}
      </ul>
    </section>
  );
}

/** Periods that are over, newest first: what was signed stands beside what was missed. */
function History({ periods }: { periods: readonly DrillPeriodView[] }) {
  const newest = periods.toSorted((one, other) => Date.parse(other.endsAt) - Date.parse(one.endsAt));
  if (newest.length === 0) return null;
  return (
    <section aria-label="Past periods" className="border-t border-line pb-4">
      <PaneHead title="Past periods" scope={newest.length} className="px-4 phone:px-3" />
      {newest.map((period) => (
        <details key={`${period.cadence} ${period.name}`} className="group border-t border-line">
          <summary className="flex min-h-(--row) cursor-pointer list-none items-center gap-2 px-4 hover:bg-hover phone:px-3">
            <span className="w-36 font-medium">{periodTitle(period, true)}</span>
            <span className="text-ink-2">
              {period.counts.signed ?? 0} of {period.tasks.length} signed off
            </span>
            {(period.counts.missed ?? 0) > 0 && (
              <span className="inline-flex items-center gap-1.5 text-ink-2">
                <Glyph tone="failed" />
                {period.counts.missed} missed
              </span>
            )}
            <span className="ml-auto text-12 text-ink-3 group-open:hidden">Show</span>
          </summary>
          <ul className="pb-1">
            {period.tasks.map((task) => (
              <PastTask key={task.id} task={task} />
            ))}
          </ul>
        </details>
      ))}
    </section>
  );
}

function PastTask({ task }: { task: DrillTaskView }) {
  return (
    <li className="flex min-h-6 items-center gap-2 px-4 phone:px-3">
      <Glyph tone={DRILL_TONE[task.state]} label={DRILL_WORD[task.state]} />
      <span className="truncate">{task.title}</span>
      <span className="ml-auto text-12 whitespace-nowrap text-ink-3">
        {task.signedBy ? `signed by ${task.signedBy}` : DRILL_WORD[task.state].toLowerCase()}{" "}
        <Instant at={task.signedAt ?? task.dueAt} form="day" />
      </span>
    </li>
  );
}
