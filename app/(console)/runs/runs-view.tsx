"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { runsQuery, systemsQuery } from "@/app/_client/queries";
import { Filter, FilterRow, PagedList } from "@/components/patterns/list-controls";
import { PageHeading, PageTitle } from "@/components/patterns/pane";
import { Empty, Loaded } from "@/components/patterns/states";
import { KINDS, RUNS_PER_PAGE, runsSearch, STATES } from "./search-params";
import { RUN_WORD } from "./run-status";
import { RunsTable } from "./runs-table";

export function RunsView() {
  const [search, setSearch] = useQueryStates(runsSearch);
  const runs = useQuery(runsQuery({ ...search, limit: RUNS_PER_PAGE }));
  const systems = useQuery(systemsQuery());
  const isFiltered = Boolean(search.kind ?? search.state ?? search.system);
  const filter = (change: Partial<typeof search>) => void setSearch({ ...change, cursor: null });
  const clear = () => void setSearch(null);
  return (
    <>
      <PageTitle>
        <PageHeading>Runs</PageHeading>
        <span className="text-ink-3">
          everything that a runner carried out: backups, restores, verifications, runbooks
        </span>
      </PageTitle>
      <FilterRow isFiltered={isFiltered} onClear={clear}>
        <Filter name="kinds" value={search.kind} options={KINDS} onChange={(kind) => filter({ kind })} />
        <Filter
          name="states"
          value={search.state}
          options={STATES}
          word={(state) => RUN_WORD[state].toLowerCase()}
          onChange={(state) => filter({ state })}
        />
        <Filter
          name="systems"
          value={search.system}
          options={(systems.data?.systems ?? []).map((system) => system.name)}
          onChange={(system) => filter({ system })}
        />
      </FilterRow>
      <div className="border-t border-line">
        <Loaded answer={runs} rows={8}>
          {(page) => (
            <PagedList
              noun="run"
              page={{ rows: page.runs, nextCursor: page.nextCursor }}
              cursor={search.cursor}
              onCursor={(cursor) => void setSearch({ cursor })}
              isFiltered={isFiltered}
              onClear={clear}
              empty={<NoRuns />}
            >
              {(rows) => <RunsTable runs={rows} />}
            </PagedList>
          )}
        </Loaded>
      </div>
    </>
  );
}

function NoRuns() {
  return (
    <Empty title="Nothing has run yet">
      <p>
        A run is one execution of anything that the runner does. The first one is a backup: start it on the page of a{" "}
        <Link href="/systems" className="link">
          system
        </Link>
        .
      </p>
    </Empty>
  );
}
