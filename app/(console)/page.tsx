import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { latestAuditQuery, recentRunsQuery, repositoriesQuery, systemQuery } from "@/app/_client/queries";
import { pageCtx, rightsOf } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { systemsOfRequest } from "@/app/_server/systems-of-request";
import { listEvents } from "@/lib/audit";
import { listRepositories } from "@/lib/repositories";
import { listRuns } from "@/lib/runs";
import { getSystem } from "@/lib/systems";
import { OverviewView } from "./_overview/overview-view";
import { trendSystem } from "./systems/system-order";

export const metadata: Metadata = { title: "Overview" };

export default async function OverviewPage() {
  const ctx = await pageCtx();
  const rights = rightsOf(ctx, ["backup.start", "audit.read"]);
  const { systems } = await systemsOfRequest();
  const foremost = trendSystem(systems);
  const state = await prefill(ctx, [
    datum(recentRunsQuery(), listRuns(ctx, { limit: 8 })),
    datum(repositoriesQuery(), listRepositories(ctx)),
    ...(rights["audit.read"] ? [datum(latestAuditQuery(), listEvents(ctx, { limit: 7 }))] : []),
    ...(foremost ? [datum(systemQuery(foremost.name), getSystem(ctx, { name: foremost.name }))] : []),
  ]);
  return (
    <HydrationBoundary state={state}>
      <OverviewView mayBackUp={rights["backup.start"]} mayReadAudit={rights["audit.read"]} />
    </HydrationBoundary>
  );
}
