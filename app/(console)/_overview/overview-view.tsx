"use client";

import { useQuery } from "@tanstack/react-query";
import { drillsQuery, openAlertsQuery, openRunsQuery, recentRunsQuery, systemsQuery } from "@/app/_client/queries";
import { Loaded } from "@/components/patterns/states";
import type { SystemSummary } from "@/lib/systems/schemas";
import { trendSystem } from "../systems/system-order";
import { SystemsTable } from "../systems/systems-table";
import { NoSystems } from "../systems/systems-view";
import { OpenAlerts } from "./open-alerts";
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

const COLUMN =
  "flex min-w-0 flex-col [&>*+*]:border-t [&>*]:border-line phone:not-first:border-t phone:border-line [&>*]:pb-2.5 [&>*:last-child]:flex-1";

/** What is at risk now, what runs, what was proven, what is due. */
export function OverviewView(props: OverviewProps) {
  const systems = useQuery(systemsQuery());
  return (
    <Loaded answer={systems} rows={8}>
      {(data) => <Overview systems={data.systems} {...props} />}
    </Loaded>
  );
}

function Overview({ systems, mayBackUp, mayReadAudit }: OverviewProps & { systems: readonly SystemSummary[] }) {
  const open = useQuery(openRunsQuery()).data?.runs ?? [];
  const recent = useQuery(recentRunsQuery()).data?.runs ?? [];
  const drills = useQuery(drillsQuery()).data;
  const alerts = useQuery(openAlertsQuery()).data?.alerts ?? [];
  const foremost = trendSystem(systems);
  return (
    <div className="grid min-h-full grid-cols-[minmax(0,1fr)] grid-rows-[auto_auto_auto_1fr] phone:block">
      <h1 className="sr-only">Overview</h1>
      <OpenAlerts alerts={alerts} />
      <Verdicts systems={systems} runs={open} drills={drills} alerts={alerts.length} />
      {systems.length === 0 ? <NoSystems /> : <SystemsTable systems={systems} mayBackUp={mayBackUp} />}
      <div className="grid grid-cols-[minmax(0,392fr)_minmax(0,376fr)_minmax(0,336fr)] border-t border-line phone:block [&>*]:border-line [&>*+*]:border-l phone:[&>*+*]:border-l-0">
        <div className={COLUMN}>
          <RunningNow open={open} recent={recent} />
          <NextDue systems={systems} drills={drills} />
        </div>
        <div className={COLUMN}>
          {foremost && <TrendPane system={foremost} />}
          {mayReadAudit && <AuditPane />}
        </div>
        <div className={COLUMN}>
          <DrillsPane drills={drills} />
          <StoragePane />
        </div>
      </div>
    </div>
  );
}
