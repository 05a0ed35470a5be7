import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { systemsQuery } from "@/app/_client/queries";
import { pageCtx, rightsOf } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { listSystems } from "@/lib/systems";
import { SystemsView } from "./systems-view";

export const metadata: Metadata = { title: "Systems" };

export default async function SystemsPage() {
  const ctx = await pageCtx();
  const state = await prefill(ctx, [datum(systemsQuery(), listSystems(ctx))]);
  return (
    <HydrationBoundary state={state}>
      <SystemsView mayBackUp={rightsOf(ctx, ["backup.start"])["backup.start"]} />
    </HydrationBoundary>
  );
}
