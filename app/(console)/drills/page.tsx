import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { drillHistoryQuery, drillsQuery } from "@/app/_client/queries";
import { pageCtx } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { listDrillHistory, listDrillTasks } from "@/lib/drills";
import { DrillsView } from "./drills-view";

export const metadata: Metadata = { title: "Drills" };

export default async function DrillsPage() {
  const ctx = await pageCtx();
  const state = await prefill(ctx, [
    datum(drillsQuery(), listDrillTasks(ctx)),
    datum(drillHistoryQuery(), listDrillHistory(ctx)),
  ]);
  return (
    <HydrationBoundary state={state}>
      <DrillsView />
    </HydrationBoundary>
  );
}
