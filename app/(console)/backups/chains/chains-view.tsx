"use client";

import { useQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { chainsQuery } from "@/app/_client/queries";
import { ChainLegend } from "@/components/patterns/chain-bar";
import { PagedList } from "@/components/patterns/list-controls";
import { PageHeading, PageTitle } from "@/components/patterns/pane";
import { Empty, Loaded } from "@/components/patterns/states";
import { Segmented } from "@/components/ui/segmented";
import { Select, type SelectOption } from "@/components/ui/select";
import { BackupViews } from "../backup-views";
import { ChainsTable } from "./chains-table";
import { CHAINS_PER_PAGE, chainsSearch } from "./search-params";

interface ChainsViewProps {
  systems: readonly SelectOption<string>[];
  mayRestore: boolean;
}

/** Each full with what follows it, and how far that reaches, in one repository. */
export function ChainsView({ systems, mayRestore }: ChainsViewProps) {
  const [search, setSearch] = useQueryStates(chainsSearch, { history: "push", scroll: false });
  const system = search.system ?? systems[0]?.value ?? null;
  return (
    <>
      <PageTitle>
        <PageHeading>Backups</PageHeading>
        <BackupViews />
        <span className="text-ink-3 phone:text-12">full, increments and log, and what each chain can bring back</span>
      </PageTitle>
      {system === null ? (
        <Empty title="Nothing is backed up yet">
          <p>No declared system has a backup schedule. Declare one in holdfast.yaml; its chains appear here.</p>
        </Empty>
      ) : (
        <Chains
          system={system}
          systems={systems}
          repository={search.repository}
          cursor={search.cursor}
          mayRestore={mayRestore}
          onSearch={(change) => void setSearch({ cursor: null, ...change })}
        />
      )}
    </>
  );
}

interface ChainsProps extends ChainsViewProps {
  system: string;
  repository: string | null;
  cursor: string | null;
  onSearch: (change: { system?: string; repository?: string | null; cursor?: string | null }) => void;
}

function Chains({ system, systems, repository, cursor, mayRestore, onSearch }: ChainsProps) {
  const chains = useQuery(chainsQuery({ system, repository, cursor, limit: CHAINS_PER_PAGE }));
  const repositories = chains.data?.repositories ?? [];
  return (
    <>
      <div className="flex flex-wrap items-center gap-2 border-t border-line px-4 py-2 phone:px-3">
        <Select
          label="System"
          size="small"
          value={system}
          options={systems}
          onChange={(next) => onSearch({ system: next, repository: null })}
        />
        {repositories.length > 1 && (
          <Segmented
            label="Repository"
            value={repository ?? repositories[0] ?? ""}
            options={repositories.map((name) => ({ value: name, label: name }))}
            onChange={(next) => onSearch({ repository: next })}
          />
        )}
        <div className="ml-auto phone:ml-0">
          <ChainLegend />
        </div>
      </div>
      <div className="border-t border-line">
        <Loaded answer={chains} rows={8}>
          {(page) => (
            <PagedList
              noun="chain"
              page={{ rows: page.chains, nextCursor: page.nextCursor }}
              cursor={cursor}
              onCursor={(next) => onSearch({ cursor: next })}
              isFiltered={false}
              onClear={() => undefined}
              empty={
                <Empty title="No chain yet">
                  <p>
                    A chain begins with a full backup. Until one is whole in {page.repository || "a repository"},
                    nothing can be brought back from it.
                  </p>
                </Empty>
              }
            >
              {(rows) => <ChainsTable chains={rows} page={page} system={system} mayRestore={mayRestore} />}
            </PagedList>
          )}
        </Loaded>
      </div>
    </>
  );
}
