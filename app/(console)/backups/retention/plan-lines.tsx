"use client";

import Link from "next/link";
import { useState } from "react";
import { DataTable, type DataColumn } from "@/components/patterns/data-table";
import { Status } from "@/components/patterns/status";
import { Instant, NearInstant } from "@/components/patterns/time";
import { Button } from "@/components/ui/button";
import { formatBytes, formatCountOf } from "@/lib/kernel/format";
import type { KeptView, RemovalView } from "@/lib/retention/schemas";
import { foldLines, type Line } from "./fold-lines";

const SHOWN = 25;

interface PlanLinesProps {
  label: string;
  lines: readonly (KeptView | RemovalView)[];
  empty: string;
  /** When the plan was made: what is not due and waits for no lock waits for the lift. */
  asOf: string;
}

/** Lines of a plan: what, of when, where, how much, and why. */
export function PlanLines({ label, lines, empty, asOf }: PlanLinesProps) {
  const [isOpen, setIsOpen] = useState(false);
  if (lines.length === 0) return <p className="border-t border-line px-4 py-2 text-ink-3 phone:px-3">{empty}</p>;
  const folded = foldLines(lines);
  const isRemoval = folded.some((line) => line.isDue !== undefined);
  return (
    <div className="border-t border-line">
      <DataTable
        label={label}
        isDense
        columns={isRemoval ? [...COLUMNS, whenColumn(asOf)] : COLUMNS}
        rows={isOpen ? folded : folded.slice(0, SHOWN)}
        rowKey={(line) => `${line.repository} ${line.subject}`}
        phone={(line) => <PhoneLine line={line} asOf={asOf} />}
      />
      {folded.length > SHOWN && (
        <p className="px-4 py-1 phone:px-3">
          <Button size="small" look="quiet" onClick={() => setIsOpen(!isOpen)}>
            {isOpen ? "Fewer" : `All ${folded.length}`}
          </Button>
        </p>
      )}
    </div>
  );
}

function What({ line }: { line: Line }) {
  if (line.kind !== "log") {
    return (
      <Link href={`/backups/${line.subject}`} className="hover:underline">
        {line.title} <Instant at={line.at} form="day-minute" className="font-normal" />
      </Link>
    );
  }
  return (
    <span title={line.subject}>
      {line.count === 1 ? "log" : formatCountOf(line.count, "log")}{" "}
      <span className="font-normal text-ink-2">{line.title}</span>
    </span>
  );
}

/** Due by the next apply, or held by a lock, or by what froze the system. */
function When({ line, asOf }: { line: Line; asOf: string }) {
  if (line.isDue === undefined || line.notBefore === undefined) return null;
  if (line.isDue) return <Status tone="idle">next apply</Status>;
  if (line.notBefore <= asOf) return <span className="whitespace-nowrap text-ink-2">once it is lifted</span>;
  return (
    <span className="whitespace-nowrap">
      not before <NearInstant at={line.notBefore} />
    </span>
  );
}

const COLUMNS: DataColumn<Line>[] = [
  { id: "what", header: "What", width: 300, sortBy: (line) => line.at, cell: (line) => <What line={line} /> },
  { id: "where", header: "From", width: 110, sortBy: (line) => line.repository, cell: (line) => line.repository },
  {
    id: "size",
    header: "Stored",
    width: 90,
    isRight: true,
    sortBy: (line) => line.sizeBytes,
    cell: (line) => formatBytes(line.sizeBytes),
  },
  {
    id: "why",
    header: "Why",
    className: "pl-3",
    cell: (line) => <span title={line.reason}>{line.reason}</span>,
  },
];

function whenColumn(asOf: string): DataColumn<Line> {
  return {
    id: "when",
    header: "When",
    width: 190,
    sortBy: (line) => line.notBefore ?? null,
    cell: (line) => <When line={line} asOf={asOf} />,
  };
}

function PhoneLine({ line, asOf }: { line: Line; asOf: string }) {
  return (
    <>
      <span className="flex justify-between gap-2">
        <span className="min-w-0 truncate font-medium">
          <What line={line} />
        </span>
        <span className="shrink-0 text-ink-2">{line.repository}</span>
      </span>
      <span className="mt-0.5 flex justify-between gap-2 text-12 text-ink-3">
        <span className="whitespace-normal">{line.reason}</span>
        <span className="shrink-0">{formatBytes(line.sizeBytes)}</span>
      </span>
      {line.isDue === false && (
        <span className="text-12 text-ink-3">
          <When line={line} asOf={asOf} />
        </span>
      )}
    </>
  );
}
