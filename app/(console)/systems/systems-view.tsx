"use client";

import { useQuery } from "@tanstack/react-query";
import { systemsQuery } from "@/app/_client/queries";
import { PageHeading, PageTitle } from "@/components/patterns/pane";
import { Empty, Loaded } from "@/components/patterns/states";
import { formatTarget } from "@/lib/kernel/format";
import { SystemsTable } from "./systems-table";

export function SystemsView({ mayBackUp }: { mayBackUp: boolean }) {
  const systems = useQuery(systemsQuery());
  const objectives = systems.data?.objectives;
  return (
    <>
      <PageTitle>
        <PageHeading>Systems</PageHeading>
        {objectives && (
          <span className="text-ink-3">
            objectives: RTO {formatTarget(objectives.rtoSeconds)}, RPO {formatTarget(objectives.rpoSeconds)}, MTTR{" "}
            {formatTarget(objectives.mttrSeconds)}, MTBF {formatTarget(objectives.mtbfSeconds)}
          </span>
        )}
      </PageTitle>
      <div className="border-t border-line">
        <Loaded answer={systems} rows={5}>
          {(data) =>
            data.systems.length > 0 ? <SystemsTable systems={data.systems} mayBackUp={mayBackUp} /> : <NoSystems />
          }
        </Loaded>
      </div>
    </>
  );
}

/** The first thing that a new console shows. */
export function NoSystems() {
  return (
    <Empty title="No system is declared yet">
      <p>
        A system is a part of the business that can fail: a database, an application, a cache. Declare yours in{" "}
        <code className="mono">holdfast.yaml</code>, then run
      </p>
      <p className="my-2">
        <code className="mono">npm run -s holdfast -- apply -f holdfast.yaml</code>
      </p>
      <p>Next come the first backup, its verification by a restore, and a drill.</p>
    </Empty>
  );
}
