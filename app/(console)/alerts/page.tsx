import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { openAlertsQuery, pastAlertsQuery } from "@/app/_client/queries";
import { pageCtx } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { listAlerts } from "@/lib/alerts";
import { AlertsView } from "./alerts-view";

export const metadata: Metadata = { title: "Alerts" };

export default async function AlertsPage() {
  const ctx = await pageCtx();
  const state = await prefill(ctx, [
    datum(openAlertsQuery(), listAlerts(ctx, { state: "open", limit: 100 })),
    datum(pastAlertsQuery(), listAlerts(ctx, { state: "resolved", limit: 50 })),
  ]);
  return (
    <HydrationBoundary state={state}>
      <AlertsView />
    </HydrationBoundary>
  );
}
