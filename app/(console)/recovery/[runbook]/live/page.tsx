import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { systemQuery } from "@/app/_client/queries";
import { orNotFound, pageCtx, rightsOf } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { getRunbook } from "@/lib/runbooks";
import { getSystem } from "@/lib/systems";
import { loadRecoverySearch } from "../../search-params";
import { LiveView } from "./live-view";

export const metadata: Metadata = { title: "Live recovery" };

interface Props {
  params: Promise<{ runbook: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function LivePage({ params, searchParams }: Props) {
  const ctx = await pageCtx();
  const { runbook: id } = await params;
  const { at, from } = await loadRecoverySearch(searchParams);
  const runbook = await orNotFound(getRunbook(ctx, { id: decodeURIComponent(id) }));
  const state = await prefill(
    ctx,
    runbook.system ? [datum(systemQuery(runbook.system), getSystem(ctx, { name: runbook.system }))] : [],
  );
  return (
    <HydrationBoundary state={state}>
      <LiveView
        runbook={runbook}
        at={at ?? "latest"}
        from={from}
        mayGoLive={rightsOf(ctx, ["runbook.live"])["runbook.live"]}
      />
    </HydrationBoundary>
  );
}
