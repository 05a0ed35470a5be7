"use client";

import { useQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { runbooksQuery } from "@/app/_client/queries";
import { PageHeading, PageTitle } from "@/components/patterns/pane";
import { Empty, Loaded } from "@/components/patterns/states";
import type { RunbookView } from "@/lib/runbooks/schemas";
import { RestoreSection } from "./restore-section";
import { RunbookCard } from "./runbook-card";
import { recoverySearch } from "./search-params";

interface RecoveryViewProps {
  mayRestore: boolean;
  mayDrill: boolean;
  mayGoLive: boolean;
}

/** The ways back: a restore beside production, a drill of the whole way, the way itself. */
export function RecoveryView({ mayRestore, mayDrill, mayGoLive }: RecoveryViewProps) {
  const runbooks = useQuery(runbooksQuery());
  const [search, setSearch] = useQueryStates(recoverySearch);
  const card = (runbook: RunbookView) => (
    <RunbookCard
      key={runbook.id}
      runbook={runbook}
      point={{ at: search.at, from: search.from }}
      mayDrill={mayDrill}
      mayGoLive={mayGoLive}
      isAsking={search.drill === runbook.id}
      onAsk={(isAsking) => void setSearch({ drill: isAsking ? runbook.id : null })}
    />
  );
  return (
    <>
      <PageTitle>
        <PageHeading>Recovery</PageHeading>
        <span className="text-ink-3">a drill never touches production; only a live run does, on a page of its own</span>
      </PageTitle>
      <Loaded answer={runbooks}>
        {(data) => (data.runbooks.length > 0 ? data.runbooks.map(card) : <NoRunbook />)}
      </Loaded>
      <RestoreSection mayRestore={mayRestore} />
    </>
  );
}

function NoRunbook() {
  return (
    <Empty title="No runbook">
      <p>A runbook is an ordered list of steps for one scenario. This version ships none for the declared systems.</p>
    </Empty>
  );
}
