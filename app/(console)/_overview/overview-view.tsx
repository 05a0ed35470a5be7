"use client";

import { useQuery } from "@tanstack/react-query";
import { drillsQuery, openRunsQuery, recentRunsQuery, systemsQuery } from "@/app/_client/queries";
import { ErrorNote, Skeleton } from "@/components/patterns/states";
import { byDanger } from "../systems/system-order";
import { SystemsTable } from "../systems/systems-table";
import { NoSystems } from "../systems/systems-view";
import { DrillsPane } from "./drills-pane";
import { AuditPane, StoragePane } from "./evidence-panes";
import { NextDue } from "./next-due";
import { RunningNow } from "./running-now";
import { TrendPane } from "./trend-pane";
import { Verdicts } from "./verdicts";

interface OverviewProps {
  mayBackUp: boolean;
  mayReadAudit: boolean;
}

const COLUMN = "flex min-w-0 flex-col [&>*+*]:border-t [&>*]:border-line phone:not-first:border-t phone:border-line [&>*]:pb-2.5 [&>*:last-child]:flex-1";

/** What is at risk now, what runs, what was proven, what is due. */
export function OverviewView({ mayBackUp, mayReadAudit }: OverviewProps) {
  const systems = useQuery(systemsQuery());
  const open = useQuery(openRunsQuery());
  const recent = useQuery(recentRunsQuery());
  const drills = useQuery(drillsQuery());
  if (!systems.data) {
    return systems.error ? <ErrorNote failure={systems.error} onRetry={() => void systems.refetch()} /> : <Skeleton rows={8} />;
  }
  const all = systems.data.systems;
  const foremost = byDanger(all).find((system) => system.kind === "mariadb");
  return (
    <div className="grid min-h-full grid-rows-[auto_auto_1fr] phone:block">
      <h1 className="sr-only">Overview</h1>
      <Verdicts systems={all} runs={open.data?.runs ?? []} drills={drills.data} />
      {all.length === 0 ? <NoSystems /> : <SystemsTable systems={all} mayBackUp={mayBackUp} />}
      <div className="grid grid-cols-[minmax(0,392fr)_minmax(0,376fr)_minmax(0,336fr)] border-t border-line phone:block [&>*+*]:border-l [&>*]:border-line phone:[&>*+*]:border-l-0">
        <div className={COLUMN}>
          <RunningNow open={open.data?.runs ?? []} recent={recent.data?.runs ?? []} />
          <NextDue systems={all} drills={drills.data} />
        </div>
        <div className={COLUMN}>
          {foremost && <TrendPane system={foremost} />}
          {mayReadAudit && <AuditPane />}
        </div>
        <div className={COLUMN}>
          <DrillsPane drills={drills.data} />
          <StoragePane />
        </div>
      </div>
    </div>
  );
}
