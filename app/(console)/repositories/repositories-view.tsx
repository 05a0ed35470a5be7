"use client";

import { useQuery } from "@tanstack/react-query";
import { repositoryDetailsQuery } from "@/app/_client/queries";
import { CheckList } from "@/components/patterns/check-list";
import { PageHeading, PageTitle, Pane, PaneHead } from "@/components/patterns/pane";
import { Empty, Loaded } from "@/components/patterns/states";
import type { ScoreLine } from "@/lib/copies/schemas";
import { RepositorySection } from "./repository-section";
import { SCORE_TONE } from "./repository-status";

interface RepositoriesViewProps {
  mayCheck: boolean;
  mayRepair: boolean;
}

export function RepositoriesView({ mayCheck, mayRepair }: RepositoriesViewProps) {
  const answer = useQuery(repositoryDetailsQuery());
  return (
    <>
      <PageTitle>
        <PageHeading>Repositories</PageHeading>
        <span className="text-ink-3">where backups lie, what a check found there, and what a loss would leave</span>
      </PageTitle>
      <div className="border-t border-line">
        <Loaded answer={answer} rows={8}>
          {({ repositories, score }) =>
            repositories.length === 0 ? (
              <NoRepositories />
            ) : (
              <>
                <Score lines={score} />
                {repositories.map((repository) => (
                  <RepositorySection
                    key={repository.name}
                    repository={repository}
                    mayCheck={mayCheck}
                    mayRepair={mayRepair && repositories.length > 1}
                  />
                ))}
              </>
            )
          }
        </Loaded>
      </div>
    </>
  );
}

/** The rule 3-2-1-1-0, each of its digits with the reason; what nobody knows is not held. */
function Score({ lines }: { lines: readonly ScoreLine[] }) {
  const held = lines.filter(({ state }) => state === "yes").length;
  return (
    <Pane label="3-2-1-1-0" className="border-b border-line pb-2">
      <PaneHead title="3-2-1-1-0" scope={`${held} of ${lines.length} hold`} />
      <CheckList
        checks={lines.map(({ title, state, reason }) => ({
          tone: SCORE_TONE[state],
          text: (
            <>
              <span className="font-medium">{title}</span> <span className="text-ink-2">{reason}</span>
            </>
          ),
          figure: state === "unknown" ? "unknown" : null,
        }))}
      />
    </Pane>
  );
}

function NoRepositories() {
  return (
    <Empty title="No repository is declared yet">
      <p>
        A repository is a place where backups live: a bucket or a directory. Declare two that share nothing in{" "}
        <code className="mono">holdfast.yaml</code>, then run
      </p>
      <p className="my-2">
        <code className="mono">npm run -s holdfast -- apply -f holdfast.yaml</code>
      </p>
    </Empty>
  );
}
