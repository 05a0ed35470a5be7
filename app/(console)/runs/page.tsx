import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { runsQuery } from "@/app/_client/queries";
import { pageCtx } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { listRuns } from "@/lib/runs";
import { RunsView } from "./runs-view";
import { loadRunsSearch, RUNS_PER_PAGE } from "./search-params";

export const metadata: Metadata = { title: "Runs" };

export default async function RunsPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const ctx = await pageCtx();
  const search = await loadRunsSearch(searchParams);
  const given = Object.fromEntries(Object.entries(search).filter(([, value]) => value !== null));
  const state = await prefill(ctx, [
    datum(runsQuery({ ...search, limit: RUNS_PER_PAGE }), listRuns(ctx, { ...given, limit: RUNS_PER_PAGE })),
  ]);
  return (
    <HydrationBoundary state={state}>
      <RunsView />
    </HydrationBoundary>
  );
}
