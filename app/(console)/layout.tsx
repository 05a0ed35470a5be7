import { HydrationBoundary } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { pageCtx, rightsOf } from "@/app/_server/page";
import { currentUser } from "@/app/_server/ctx";
import { datum, prefill } from "@/app/_server/prefill";
import { systemsOfRequest } from "@/app/_server/systems-of-request";
import { drillsQuery, openAlertsQuery, openRunsQuery, systemsQuery } from "@/app/_client/queries";
import { listAlerts } from "@/lib/alerts";
import { listDrillTasks } from "@/lib/drills";
import { listRuns } from "@/lib/runs";
import { findConfiguration } from "@/lib/settings";
import { Shell } from "./_shell/shell";

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const ctx = await pageCtx();
  const [user, configuration, state] = await Promise.all([
    currentUser(),
    findConfiguration(ctx),
    prefill(ctx, [
      datum(systemsQuery(), systemsOfRequest()),
      datum(openRunsQuery(), listRuns(ctx, { open: true, limit: 50 })),
      datum(drillsQuery(), listDrillTasks(ctx)),
      datum(openAlertsQuery(), listAlerts(ctx, { state: "open", limit: 100 })),
    ]),
  ]);
  if (!user) return null;
  const rights = rightsOf(ctx, ["audit.read", "runbook.drill"]);
  const reader = {
    name: user.name,
    email: user.email,
    role: user.role,
    mayReadAudit: rights["audit.read"],
    mayStartDrill: rights["runbook.drill"],
  };
  return (
    <HydrationBoundary state={state}>
      <Shell reader={reader} estate={configuration?.configuration.project.name ?? null}>
        {children}
      </Shell>
    </HydrationBoundary>
  );
}
