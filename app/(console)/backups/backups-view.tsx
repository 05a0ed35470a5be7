"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { backupsQuery, repositoriesQuery, systemsQuery } from "@/app/_client/queries";
import { Filter, FilterRow, Pager } from "@/components/patterns/list-controls";
import { Fact, Facts, PageHeading, PageTitle } from "@/components/patterns/pane";
import { Empty, ErrorNote, Skeleton } from "@/components/patterns/states";
import { Glyph } from "@/components/patterns/status";
import { formatBytes, formatCount } from "@/lib/kernel/format";
import { BACKUP_WORD } from "./backup-status";
import { BackupsTable } from "./backups-table";
import { BACKUPS_PER_PAGE, backupsSearch, STATES, TYPES } from "./search-params";

export function BackupsView() {
  const [search, setSearch] = useQueryStates(backupsSearch);
  const { data, error, refetch } = useQuery(backupsQuery({ ...search, limit: BACKUPS_PER_PAGE }));
  const systems = useQuery(systemsQuery());
  const repositories = useQuery(repositoriesQuery());
  const isFiltered = Boolean(search.system ?? search.repository ?? search.type ?? search.state);
  const filter = (change: Partial<typeof search>) => void setSearch({ ...change, cursor: null });
  const clear = () => void setSearch(null);
  const backups = data?.backups ?? [];
  const backedUp = systems.data?.systems.filter((system) => system.kind === "mariadb") ?? [];
  return (
    <>
      <PageTitle>
        <PageHeading>Backups</PageHeading>
        <span className="text-ink-3">every recovery point, where its copies lie, and what was proven of it</span>
      </PageTitle>
      <RepositoryFacts repositories={repositories.data?.repositories ?? []} />
      <FilterRow isFiltered={isFiltered} onClear={clear}>
        <Filter name="systems" value={search.system} options={backedUp.map((system) => system.name)} onChange={(system) => filter({ system })} />
        <Filter
          name="repositories"
          value={search.repository}
          options={repositories.data?.repositories.map((repository) => repository.name) ?? []}
          onChange={(repository) => filter({ repository })}
        />
        <Filter name="types" value={search.type} options={TYPES} onChange={(type) => filter({ type })} />
        <Filter name="states" value={search.state} options={STATES} word={(state) => BACKUP_WORD[state].toLowerCase()} onChange={(state) => filter({ state })} />
      </FilterRow>
      <div className="border-t border-line">
        {error && !data && <ErrorNote failure={error} onRetry={() => void refetch()} />}
        {!data && !error && <Skeleton rows={8} />}
        {backups.length > 0 && <BackupsTable backups={backups} hasSystem />}
        {data && backups.length === 0 && (
          <Empty title={isFiltered ? "No backup matches" : "No backup yet"}>
            {isFiltered ? (
              <p>
                No backup has these filters.{" "}
                <button type="button" className="link" onClick={clear}>
                  Clear filters
                </button>
              </p>
            ) : (
              <p>
                A backup is one recovery point&apos;s artefact. Take the first one on the page of a{" "}
                <Link href="/systems" className="link">
                  system
                </Link>
                .
              </p>
            )}
          </Empty>
        )}
        {backups.length > 0 && (
          <Pager
            count={backups.length}
            noun="backups"
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

interface Repository {
  name: string;
  location: string;
  checkedAt: string | null;
  checkError: string | null;
  backups: number;
  storedBytes: number;
}

/** The places where backups live; as many facts as there are repositories. */
function RepositoryFacts({ repositories }: { repositories: readonly Repository[] }) {
  if (repositories.length === 0) return null;
  return (
    <Facts columns={4}>
      {repositories.slice(0, 4).map((repository) => (
        <Fact key={repository.name} name={repository.name} evidence={<span title={repository.location}>{repository.checkError ?? repository.location}</span>}>
          <Glyph
            tone={repository.checkError ? "failed" : repository.checkedAt ? "ok" : "unknown"}
            label={repository.checkError ? "does not answer" : repository.checkedAt ? "answers" : "not checked yet"}
          />
          <b>{formatBytes(repository.storedBytes)}</b> in {formatCount(repository.backups)} backups
        </Fact>
      ))}
    </Facts>
  );
}
