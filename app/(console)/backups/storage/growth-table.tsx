"use client";

import { DataTable, type DataColumn } from "@/components/patterns/data-table";
import { Status } from "@/components/patterns/status";
import { formatBytes } from "@/lib/kernel/format";
import type { GrowthLine, GrowthView } from "@/lib/backups/schemas";

/** `+12.0 MiB`, `-3.00 KiB`. */
function signed(bytes: number): string {
  return `${bytes < 0 ? "-" : "+"}${formatBytes(Math.round(Math.abs(bytes)))}`;
}

const bytesText = (bytes: number) => formatBytes(Math.round(bytes));
const nameOf = (line: GrowthLine) => line.system ?? "all systems";
const None = () => <span className="text-ink-3">–</span>;

/** Each repository and system: what lies there, how fast it grows, what that comes to. */
export function GrowthTable({ view }: { view: GrowthView }) {
  const columns = columnsFor(view);
  return (
    <div className="border-t border-line">
      <DataTable
        label="Growth by repository and system"
        isDense
        columns={columns}
        rows={view.lines}
        rowKey={(line) => `${line.repository} ${line.system ?? ""}`}
        phone={(line) => <PhoneRow line={line} view={view} />}
      />
    </div>
  );
}

function columnsFor(view: GrowthView): DataColumn<GrowthLine>[] {
  return [
    {
      id: "repository",
      header: "Repository",
      width: 130,
      sortBy: (line) => line.repository,
      cell: (line) => line.repository,
    },
    {
      id: "system",
      header: "System",
      width: 130,
      sortBy: nameOf,
      cell: (line) => (line.system ? line.system : <span className="font-medium">all systems</span>),
    },
    {
      id: "now",
      header: "Stored now",
      width: 104,
      isRight: true,
      sortBy: (line) => line.bytesNow,
      cell: (line) => formatBytes(line.bytesNow),
    },
    {
      id: "rate",
      header: "A day",
      width: 110,
      isRight: true,
      sortBy: (line) => line.forecast?.bytesPerDay ?? null,
      cell: (line) => (line.forecast ? signed(line.forecast.bytesPerDay) : <None />),
    },
    {
      id: "forecast",
      header: "In 30 days",
      width: 104,
      isRight: true,
      sortBy: (line) => line.forecast?.bytes ?? null,
      cell: (line) => (line.forecast ? bytesText(line.forecast.bytes) : <None />),
    },
    {
      id: "range",
      header: "Range",
      width: 190,
      className: "pl-4",
      cell: (line) =>
        line.forecast ? (
          <span className="text-ink-2">
            {bytesText(line.forecast.bytesRange[0])} to {bytesText(line.forecast.bytesRange[1])}
          </span>
        ) : (
          <None />
        ),
    },
    {
      id: "drawn",
      header: "Drawn from",
      className: "pl-3",
      cell: (line) => <DrawnFrom line={line} view={view} />,
    },
  ];
}

function DrawnFrom({ line, view }: { line: GrowthLine; view: GrowthView }) {
  if (!line.forecast) {
    const days = line.bytes.filter((bytes) => bytes !== null).length;
    return (
      <Status tone="unknown">
        not enough data: {days} of {view.samplesMin} days
      </Status>
    );
  }
  return (
    <span className="text-ink-3">
      {line.forecast.samples} days{line.isYoung && "; nothing has expired yet, so growth will slow"}
    </span>
  );
}

function PhoneRow({ line, view }: { line: GrowthLine; view: GrowthView }) {
  return (
    <>
      <span className="flex justify-between gap-2">
        <span className="font-medium">
          {line.repository} <span className="font-normal text-ink-2">{nameOf(line)}</span>
        </span>
        <span>{formatBytes(line.bytesNow)}</span>
      </span>
      <span className="mt-0.5 flex flex-wrap justify-between gap-x-2 text-12 text-ink-3">
        {line.forecast && (
          <span>
            {signed(line.forecast.bytesPerDay)} a day, about {bytesText(line.forecast.bytes)} in 30 days
          </span>
        )}
        <DrawnFrom line={line} view={view} />
      </span>
    </>
  );
}
