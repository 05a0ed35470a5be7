"use client";

import { useQuery } from "@tanstack/react-query";
import { createSerializer, useQueryStates } from "nuqs";
import { backupDaysQuery } from "@/app/_client/queries";
import { DayGrid, DayLegend, type DayChoice } from "@/components/patterns/day-grid";
import { Filter, FilterRow, NoMatch } from "@/components/patterns/list-controls";
import { PageHeading, PageTitle } from "@/components/patterns/pane";
import { Empty, Loaded } from "@/components/patterns/states";
import type { BackupCalendar } from "@/lib/backups/schemas";
import { BackupViews } from "../backup-views";
import { TYPES } from "../search-params";
import { DayPane } from "./day-pane";
import { calendarSearch } from "./search-params";

const serialize = createSerializer(calendarSearch);

type Search = ReturnType<typeof useCalendar>[0];

const useCalendar = () => useQueryStates(calendarSearch, { history: "push", scroll: false });

/** What happened on each of the last thirty days, by system and type. */
export function CalendarView() {
  const calendar = useQuery(backupDaysQuery());
  const [search, setSearch] = useCalendar();
  const isFiltered = search.only !== null || search.kind !== null;
  const systems = [...new Set((calendar.data?.rows ?? []).map((row) => row.system))];
  const choose = (choice: DayChoice | null) => void setSearch(choice ? toSearch(choice) : NO_DAY);
  return (
    <>
      <PageTitle>
        <PageHeading>Backups</PageHeading>
        <BackupViews />
        <span className="text-ink-3 phone:text-12">
          each of the last 30 days, in UTC; a day opens what happened on it
        </span>
      </PageTitle>
      <div className="flex flex-wrap items-center border-t border-line pr-4 phone:pr-0">
        <FilterRow isFiltered={isFiltered} onClear={() => void setSearch({ only: null, kind: null })}>
          <Filter name="systems" value={search.only} options={systems} onChange={(only) => void setSearch({ only })} />
          <Filter name="types" value={search.kind} options={TYPES} onChange={(kind) => void setSearch({ kind })} />
        </FilterRow>
        <div className="ml-auto phone:ml-0 phone:px-3 phone:pb-2">
          <DayLegend />
        </div>
      </div>
      <Loaded answer={calendar} rows={8}>
        {(data) => (
          <Days
            data={data}
            search={search}
            isFiltered={isFiltered}
            onChoose={choose}
            onClear={() => void setSearch({ only: null, kind: null })}
          />
        )}
      </Loaded>
    </>
  );
}

const NO_DAY = { system: null, type: null, day: null };

function toSearch({ group, name, date }: DayChoice) {
  return {
    system: group,
    type: TYPES.find((type) => type === name) ?? null,
    day: new Date(`${date}T00:00:00Z`),
  };
}

function chosenOf({ system, type, day }: Search): DayChoice | null {
  return system && type && day ? { group: system, name: type, date: day.toISOString().slice(0, 10) } : null;
}

interface DaysProps {
  data: BackupCalendar;
  search: Search;
  isFiltered: boolean;
  onChoose: (choice: DayChoice | null) => void;
  onClear: () => void;
}

function Days({ data, search, isFiltered, onChoose, onClear }: DaysProps) {
  const chosen = chosenOf(search);
  const rows = data.rows
    .filter((row) => (!search.only || row.system === search.only) && (!search.kind || row.type === search.kind))
    .map((row) => ({
      group: row.system,
      name: row.type,
      days: row.days.map((day) => ({ date: day.date, state: day.state, count: day.backups })),
    }));
  if (rows.length === 0) return isFiltered ? <NoMatch noun="row" onClear={onClear} /> : <NothingDeclared />;
  return (
    <>
      <div className="border-y border-line pb-1.5 phone:px-0">
        <DayGrid
          label="Backups by day"
          rows={rows}
          chosen={chosen}
          href={(choice) => `/backups/calendar${serialize({ ...search, ...toSearch(choice) })}`}
          onChoose={onChoose}
        />
      </div>
      {chosen ? (
        <DayPane choice={chosen} onClose={() => onChoose(null)} />
      ) : (
        <p className="px-4 py-2.5 text-12 text-ink-3 phone:px-3">
          Choose a day. With the keyboard: Tab to the calendar, arrow keys to a day, Enter.
        </p>
      )}
    </>
  );
}

function NothingDeclared() {
  return (
    <Empty title="Nothing is backed up yet">
      <p>No declared system has a backup schedule. Declare one in holdfast.yaml; its days appear here.</p>
    </Empty>
  );
}
