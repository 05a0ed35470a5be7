import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { chainsQuery } from "@/app/_client/queries";
import { pageCtx, rightsOf } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { systemsOfRequest } from "@/app/_server/systems-of-request";
import { listChains } from "@/lib/backups";
import { ChainsView } from "./chains-view";
import { CHAINS_PER_PAGE, loadChainsSearch } from "./search-params";

export const metadata: Metadata = { title: "Chains" };

export default async function ChainsPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const ctx = await pageCtx();
  const search = await loadChainsSearch(searchParams);
  const systems = (await systemsOfRequest()).systems.filter((system) => system.kind !== "service");
  const system = search.system ?? systems[0]?.name;
  const given = Object.fromEntries(Object.entries(search).filter(([, value]) => value !== null));
  const query = { ...search, system: system ?? null, limit: CHAINS_PER_PAGE };
  const state = await prefill(
    ctx,
    system ? [datum(chainsQuery(query), listChains(ctx, { ...given, system, limit: CHAINS_PER_PAGE }))] : [],
  );
  return (
    <HydrationBoundary state={state}>
      <ChainsView
        systems={systems.map(({ name, title }) => ({ value: name, label: title }))}
        mayRestore={rightsOf(ctx, ["restore.start"])["restore.start"]}
      />
    </HydrationBoundary>
  );
}
