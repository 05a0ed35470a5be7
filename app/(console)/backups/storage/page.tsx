import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { growthQuery } from "@/app/_client/queries";
import { pageCtx } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { getGrowth } from "@/lib/backups";
import { loadStorageSearch } from "./search-params";
import { StorageView } from "./storage-view";

export const metadata: Metadata = { title: "Storage" };

export default async function StoragePage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const ctx = await pageCtx();
  const { system, days } = await loadStorageSearch(searchParams);
  const state = await prefill(ctx, [
    datum(growthQuery({ system, days }), getGrowth(ctx, { days, ...(system ? { system } : {}) })),
  ]);
  return (
    <HydrationBoundary state={state}>
      <StorageView />
    </HydrationBoundary>
  );
}
