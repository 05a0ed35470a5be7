"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useQueryStates } from "nuqs";
import { startCut } from "@/app/(console)/actions";
import { useAction } from "@/app/_client/use-action";
import { backupsQuery, repositoriesQuery, systemsQuery } from "@/app/_client/queries";
import { Filter, FilterRow, PagedList } from "@/components/patterns/list-controls";
import { Fact, Facts, PageHeading, PageTitle } from "@/components/patterns/pane";
import { Empty, ErrorNote, Loaded } from "@/components/patterns/states";
import { Glyph } from "@/components/patterns/status";
import { Button, buttonStyles } from "@/components/ui/button";
import { formatBytes, formatCountOf } from "@/lib/kernel/format";
import type { RepositoryView } from "@/lib/repositories/schemas";
import { BACKUP_WORD } from "./backup-status";
import { BackupViews } from "./backup-views";
import { BackupsTable } from "./backups-table";
import { repositoryHealth } from "./repository-health";
import { BACKUPS_PER_PAGE, backupsSearch, PROOFS, STATES, TYPES } from "./search-params";

export function BackupsView({ mayBackUp }: { mayBackUp: boolean }) {
  const router = useRouter();
  const cut = useAction(startCut, { onDone: ({ runId }) => router.push(`/backups/cuts/${runId}`) });
  const [search, setSearch] = useQueryStates(backupsSearch);
  const backups = useQuery(backupsQuery({ ...search, limit: BACKUPS_PER_PAGE }));
  const systems = useQuery(systemsQuery());
  const repositories = useQuery(repositoriesQuery()).data?.repositories ?? [];
  const isFiltered = [search.system, search.repository, search.type, search.state, search.proof].some(
    (value) => value !== null,
  );
  const filter = (change: Partial<typeof search>) => void setSearch({ ...change, cursor: null });
  const clear = () => void setSearch(null);
  const backedUp = (systems.data?.systems ?? []).filter((system) => system.kind !== "service");
  return (
    <>
      <PageTitle
        acts={
          <>
            <Link href="/backups/retention" className={buttonStyles()}>
              Retention
            </Link>
            {mayBackUp && backedUp.length > 1 && (
              <Button
                disabled={cut.isPending}
                focusableWhenDisabled
                title="A full backup of every system under one cut id, as close in time as it can be"
                onClick={() => cut.run({})}
              >
                Take a cut
              </Button>
            )}
          </>
        }
      >
        <PageHeading>Backups</PageHeading>
        <BackupViews />
        <span className="text-ink-3 phone:text-12">
          every recovery point, where its copies lie, and what was proven of it
        </span>
      </PageTitle>
      {cut.failure && <ErrorNote failure={cut.failure} className="border-t border-line px-4 py-2 phone:px-3" />}
      <RepositoryFacts repositories={repositories} />
      <FilterRow isFiltered={isFiltered} onClear={clear}>
        <Filter
          name="systems"
          value={search.system}
          options={backedUp.map((system) => system.name)}
          onChange={(system) => filter({ system })}
        />
        <Filter
          name="repositories"
          value={search.repository}
          options={repositories.map((repository) => repository.name)}
          onChange={(repository) => filter({ repository })}
        />
        <Filter name="types" value={search.type} options={TYPES} onChange={(type) => filter({ type })} />
        <Filter
          name="states"
          value={search.state}
          options={STATES}
          word={(state) => BACKUP_WORD[state].toLowerCase()}
          onChange={(state) => filter({ state })}
        />
        <Filter
          name="proofs"
          value={search.proof}
          options={PROOFS}
          word={(proof) => (proof === "proven" ? "proven by restore" : "not proven")}
          onChange={(proof) => filter({ proof })}
        />
      </FilterRow>
      <div className="border-t border-line">
        <Loaded answer={backups} rows={8}>
          {(page) => (
            <PagedList
              noun="backup"
              page={{ rows: page.backups, nextCursor: page.nextCursor }}
              cursor={search.cursor}
              onCursor={(cursor) => void setSearch({ cursor })}
              isFiltered={isFiltered}
              onClear={clear}
              empty={<NoBackups />}
            >
              {(rows) => <BackupsTable backups={rows} hasSystem />}
            </PagedList>
          )}
        </Loaded>
      </div>
    </>
  );
}

function NoBackups() {
  return (
    <Empty title="No backup yet">
      <p>
        A backup is one recovery point&apos;s artefact. Take the first one on the page of a{" "}
        <Link href="/systems" className="link">
          system
        </Link>
        .
      </p>
    </Empty>
  );
}

/** The places where backups live; four at most, the page's width. */
function RepositoryFacts({ repositories }: { repositories: readonly RepositoryView[] }) {
  if (repositories.length === 0) return null;
  return (
    <Facts columns={4}>
      {repositories.slice(0, 4).map((repository) => {
        const { tone, word } = repositoryHealth(repository);
        return (
          <Fact
            key={repository.name}
            name={repository.name}
            evidence={<span title={repository.location}>{repository.checkError ?? repository.location}</span>}
          >
            <Glyph tone={tone} label={word} />
            <b>{formatBytes(repository.storedBytes)}</b> in {formatCountOf(repository.backups, "backup")}
          </Fact>
        );
      })}
    </Facts>
  );
}
