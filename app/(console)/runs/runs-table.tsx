"use client";

import { actorWords } from "@/components/patterns/actor";
import { ModeChip } from "@/components/patterns/chip";
import { useNow } from "@/components/patterns/clock";
import { DataTable, type DataColumn } from "@/components/patterns/data-table";
import { Status } from "@/components/patterns/status";
import { Age, Instant } from "@/components/patterns/time";
import { formatDuration } from "@/lib/kernel/format";
import type { RunSummary } from "@/lib/runs/schemas";
import { RUN_TONE, RUN_WORD } from "./run-status";

export function RunsTable({ runs }: { runs: readonly RunSummary[] }) {
  return (
    <DataTable
      label="Runs"
      isDense
      columns={COLUMNS}
      rows={runs}
      rowKey={(run) => run.id}
      href={(run) => `/runs/${run.id}`}
      phone={(run) => <PhoneRow run={run} />}
    />
  );
}

const shortWord = (run: RunSummary) => (run.state === "waiting" ? "Waiting" : RUN_WORD[run.state]);

function Took({ run }: { run: RunSummary }) {
  const now = useNow();
  if (!run.startedAt) return <span className="text-ink-3">–</span>;
  const until = run.endedAt ? Date.parse(run.endedAt) : Math.floor(now / 1_000) * 1_000;
  return formatDuration(Math.max(0, until - Date.parse(run.startedAt)));
}

const seconds = (value: number | null) =>
  value === null ? <span className="text-ink-3">–</span> : formatDuration(value * 1_000);

const COLUMNS: DataColumn<RunSummary>[] = [
  {
    id: "title",
    header: "Run",
    sortBy: (run) => run.title,
    cell: (run) => (
      <span className="flex items-center gap-2">
        <span className="truncate">{run.title}</span>
        {run.mode && <ModeChip>{run.mode === "live" ? "Live run" : "Drill"}</ModeChip>}
      </span>
    ),
  },
  {
    id: "state",
    header: "State",
    width: 112,
    sortBy: (run) => run.state,
    cell: (run) => (
      <Status tone={RUN_TONE[run.state]}>
        <span title={run.error?.message ?? RUN_WORD[run.state]}>{shortWord(run)}</span>
      </Status>
    ),
  },
  { id: "kind", header: "Kind", width: 90, sortBy: (run) => run.kind, cell: (run) => run.kind },
  {
    id: "system",
    header: "System",
    width: 116,
    className: "narrow:hidden",
    sortBy: (run) => run.system,
    cell: (run) => run.system ?? <span className="text-ink-3">–</span>,
  },
  {
    id: "steps",
    header: "Steps",
    width: 52,
    isRight: true,
    cell: (run) => (
      <>
        {run.stepsDone} <span className="text-ink-3">/ {run.stepsTotal}</span>
      </>
    ),
  },
  { id: "took", header: "Took", width: 70, isRight: true, cell: (run) => <Took run={run} /> },
  {
    id: "rto",
    header: "RTO",
    width: 70,
    isRight: true,
    sortBy: (run) => run.rtoActualSeconds,
    cell: (run) => seconds(run.rtoActualSeconds),
  },
  {
    id: "rpo",
    header: "RPO",
    width: 64,
    isRight: true,
    sortBy: (run) => run.rpoActualSeconds,
    cell: (run) => seconds(run.rpoActualSeconds),
  },
  {
    id: "by",
    header: "Started by",
    width: 148,
    className: "pl-3 narrow:hidden",
    sortBy: (run) => run.startedBy,
    cell: (run) => <span className="text-ink-2">{actorWords(run.startedBy)}</span>,
  },
  {
    id: "at",
    header: "Queued",
    width: 124,
    isRight: true,
    sortBy: (run) => run.queuedAt,
    cell: (run) => <Instant at={run.queuedAt} form="day-time" className="text-ink-2" />,
  },
];

function PhoneRow({ run }: { run: RunSummary }) {
  return (
    <>
      <span className="flex justify-between gap-2">
        <span className="flex min-w-0 items-center gap-2">
          <span className="truncate font-medium">{run.title}</span>
          {run.mode && <ModeChip>{run.mode === "live" ? "Live run" : "Drill"}</ModeChip>}
        </span>
        <Status tone={RUN_TONE[run.state]}>{shortWord(run)}</Status>
      </span>
      <span className="mt-0.5 flex justify-between gap-2 text-12 text-ink-3">
        <span className="truncate">
          {run.kind}
          {run.rtoActualSeconds !== null && `, RTO ${formatDuration(run.rtoActualSeconds * 1_000)}`}, by{" "}
          {actorWords(run.startedBy)}
        </span>
        <Age at={run.queuedAt} suffix=" ago" className="whitespace-nowrap" />
      </span>
    </>
  );
}
