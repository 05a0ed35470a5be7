"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { runsQuery, systemsQuery } from "@/app/_client/queries";
import { Filter, FilterRow, Pager } from "@/components/patterns/list-controls";
import { PageHeading, PageTitle } from "@/components/patterns/pane";
import { Empty, ErrorNote, Skeleton } from "@/components/patterns/states";
import { KINDS, RUNS_PER_PAGE, runsSearch, STATES } from "./search-params";
import { RUN_WORD } from "./run-status";
import { RunsTable } from "./runs-table";

export function RunsView() {
  const [search, setSearch] = useQueryStates(runsSearch);
  const { data, error, refetch } = useQuery(runsQuery({ ...search, limit: RUNS_PER_PAGE }));
  const systems = useQuery(systemsQuery());
  const isFiltered = Boolean(search.kind ?? search.state ?? search.system);
  const filter = (change: Partial<typeof search>) => void setSearch({ ...change, cursor: null });
  const clear = () => void setSearch(null);
  const runs = data?.runs ?? [];
  return (
    <>
      <PageTitle>
        <PageHeading>Runs</PageHeading>
        <span className="text-ink-3">everything that a runner carried out: backups, restores, verifications, runbooks</span>
      </PageTitle>
      <FilterRow isFiltered={isFiltered} onClear={clear}>
        <Filter name="kinds" value={search.kind} options={KINDS} onChange={(kind) => filter({ kind })} />
        <Filter name="states" value={search.state} options={STATES} word={(state) => RUN_WORD[state].toLowerCase()} onChange={(state) => filter({ state })} />
        <Filter
          name="systems"
          value={search.system}
          options={systems.data?.systems.map((system) => system.name) ?? []}
          onChange={(system) => filter({ system })}
        />
      </FilterRow>
      <div className="border-t border-line">
        {error && !data && <ErrorNote failure={error} onRetry={() => void refetch()} />}
        {!data && !error && <Skeleton rows={8} />}
        {runs.length > 0 && <RunsTable runs={runs} />}
        {data && runs.length === 0 && isFiltered && (
          <Empty title="No run matches">
            <p>
              No run has these filters.{" "}
              <button type="button" className="link" onClick={clear}>
                Clear filters
              </button>
            </p>
          </Empty>
        )}
        {data && runs.length === 0 && !isFiltered && (
          <Empty title="Nothing has run yet">
            <p>
              A run is one execution of anything that the runner does. The first one is a backup: start it on the page of a{" "}
              <Link href="/systems" className="link">
                system
              </Link>
              .
            </p>
          </Empty>
        )}
        {runs.length > 0 && (
          <Pager
            count={runs.length}
            noun="runs"
            isFirst={search.cursor === null}
            hasNext={data?.nextCursor != null}
            onFirst={() => void setSearch({ cursor: null })}
            onNext={() => void setSearch({ cursor: data?.nextCursor ?? null })}
          />
        )}
      </div>
    </>
  );
}
