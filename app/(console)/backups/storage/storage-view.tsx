"use client";

import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useQueryStates } from "nuqs";
import { growthQuery, systemsQuery } from "@/app/_client/queries";
import { Filter, FilterRow } from "@/components/patterns/list-controls";
import { PageHeading, PageTitle, PaneHead } from "@/components/patterns/pane";
import { Empty, Loaded } from "@/components/patterns/states";
import { Button } from "@/components/ui/button";
import { Segmented } from "@/components/ui/segmented";
import { formatBytes } from "@/lib/kernel/format";
import type { GrowthLine, GrowthView } from "@/lib/backups/schemas";
import { BackupViews } from "../backup-views";
import { GrowthTable } from "./growth-table";
import { SPANS, storageSearch } from "./search-params";

const CHART_HEIGHT = 168;

// The chart's library is a third of the page's weight: it comes after the figures.
const GrowthChart = dynamic(() => import("@/components/patterns/growth-chart").then((module) => module.GrowthChart), {
  ssr: false,
  loading: () => <div style={{ height: CHART_HEIGHT }} />,
});

/** What lies where, how fast it grows, and where that leads. */
export function StorageView() {
  const [search, setSearch] = useQueryStates(storageSearch, { history: "push", scroll: false });
  const growth = useQuery(growthQuery({ system: search.system, days: search.days }));
  const systems = (useQuery(systemsQuery()).data?.systems ?? []).filter((system) => system.kind !== "service");
  return (
    <>
      <PageTitle>
        <PageHeading>Backups</PageHeading>
        <BackupViews />
        <span className="text-ink-3 phone:text-12">stored bytes by repository, from the catalogue</span>
      </PageTitle>
      <div className="flex flex-wrap items-center border-t border-line">
        <FilterRow isFiltered={search.system !== null} onClear={() => void setSearch({ system: null })}>
          <Filter
            name="systems"
            value={search.system}
            options={systems.map((system) => system.name)}
            onChange={(system) => void setSearch({ system })}
          />
          <Segmented
            label="Days shown"
            value={String(search.days)}
            options={SPANS.map((days) => ({ value: String(days), label: `${days} days` }))}
            onChange={(days) => void setSearch({ days: SPANS.find((each) => String(each) === days) ?? null })}
          />
          <Button
            size="small"
            aria-pressed={search.table}
            onClick={() => void setSearch({ table: search.table ? null : true })}
          >
            {search.table ? "Show charts" : "Show figures by day"}
          </Button>
        </FilterRow>
      </div>
      <Loaded answer={growth} rows={8}>
        {(data) =>
          data.lines.length > 0 ? (
            <Growth data={data} system={search.system} isTable={search.table} />
          ) : (
            <Empty title="Nothing is stored yet">
              <p>The first backup that is complete begins the line; a forecast needs {data.samplesMin} days of it.</p>
            </Empty>
          )
        }
      </Loaded>
    </>
  );
}

function Growth({ data, system, isTable }: { data: GrowthView; system: string | null; isTable: boolean }) {
  const totals = data.lines.filter((line) => line.system === system);
  return (
    <>
      {isTable ? (
        <Figures data={data} lines={totals} />
      ) : (
        <div className="grid grid-cols-2 border-t border-line phone:grid-cols-1 [&>section+section]:border-l [&>section+section]:border-line phone:[&>section+section]:border-t phone:[&>section+section]:border-l-0">
          {totals.map((line) => (
            <section
              key={line.repository}
              aria-label={`Stored in ${line.repository}`}
              className="min-w-0 px-4 pb-2 phone:px-3"
            >
              <PaneHead
                title={line.repository}
                scope={formatBytes(line.bytesNow)}
                more={<span>{trendOf(line, data)}</span>}
              />
              <GrowthChart
                label={`Stored in ${line.repository}: ${formatBytes(line.bytesNow)} now, ${trendOf(line, data)}`}
                days={data.days}
                bytes={line.bytes}
                forecast={line.forecast}
                height={CHART_HEIGHT}
              />
            </section>
          ))}
        </div>
      )}
      <GrowthTable view={data} />
      <p className="max-w-[96ch] px-4 py-2.5 text-12 text-ink-3 phone:px-3">
        The forecast is a straight line by Theil and Sen: the median of the growth between every two of the days, so
        that one odd day does not bend it. Its range runs from the 10th to the 90th percentile of those. It knows
        nothing of what will change: a new system, another retention. Of a log that is kept for less than the days
        shown, what lies there now counts on every day.
      </p>
    </>
  );
}

function trendOf({ forecast }: GrowthLine, { samplesMin }: GrowthView): string {
  if (!forecast) return `no forecast: fewer than ${samplesMin} days`;
  return `about ${formatBytes(forecast.bytes)} in ${forecast.horizonDays} days`;
}

function Figures({ data, lines }: { data: GrowthView; lines: readonly GrowthLine[] }) {
  return (
    <div className="border-t border-line px-4 pb-2 phone:px-3">
      <table aria-label="Stored bytes by day" className="text-12">
        <thead className="text-ink-3 [&_th]:h-7 [&_th]:pr-8">
          <tr>
            <th scope="col">End of day, UTC</th>
            {lines.map((line) => (
              <th key={line.repository} scope="col" className="text-right!">
                {line.repository}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="[&_td]:pr-8 [&_th]:pr-8">
          {data.days.toReversed().map((day, index) => (
            <tr key={day} className="h-[22px] border-t border-line">
              <th scope="row">
                {day}
                {index === 0 && <span className="text-ink-3"> so far</span>}
              </th>
              {lines.map((line) => {
                const bytes = line.bytes[data.days.length - 1 - index];
                return (
                  <td key={line.repository} className="text-right">
                    {bytes === null || bytes === undefined ? <span className="text-ink-3">–</span> : formatBytes(bytes)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
