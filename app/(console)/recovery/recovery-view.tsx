"use client";

import { useQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { runbooksQuery } from "@/app/_client/queries";
import { PageHeading, PageTitle } from "@/components/patterns/pane";
import { Empty, ErrorNote, Skeleton } from "@/components/patterns/states";
import { RestoreForm } from "./restore-form";
import { RunbookCard } from "./runbook-card";
import { recoverySearch } from "./search-params";

interface RecoveryViewProps {
  /** Declared targets that a restore may go to, besides a throw-away server. */
  targets: readonly string[];
  mayRestore: boolean;
  mayDrill: boolean;
  mayGoLive: boolean;
}

/** The ways back: a restore beside production, a drill of the whole way, the way itself. */
export function RecoveryView({ targets, mayRestore, mayDrill, mayGoLive }: RecoveryViewProps) {
  const { data, error, refetch } = useQuery(runbooksQuery());
  const [search, setSearch] = useQueryStates(recoverySearch);
  return (
    <>
      <PageTitle>
        <PageHeading>Recovery</PageHeading>
        <span className="text-ink-3">a drill never touches production; only a live run does, on a page of its own</span>
      </PageTitle>
      {error && !data && <ErrorNote failure={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton rows={6} />}
      {data?.runbooks.map((runbook) => (
        <RunbookCard
          key={runbook.id}
          runbook={runbook}
          point={{ at: search.at, from: search.from }}
          mayDrill={mayDrill}
          mayGoLive={mayGoLive}
          isAsking={search.drill === runbook.id}
          onAsk={(isAsking) => void setSearch({ drill: isAsking ? runbook.id : null })}
        />
      ))}
      {data?.runbooks.length === 0 && (
        <Empty title="No runbook">
          <p>A runbook is an ordered list of steps for one scenario. This version ships none for the declared systems.</p>
        </Empty>
      )}
      <RestoreForm targets={targets} mayRestore={mayRestore} />
    </>
  );
}
