import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { repositoryDetailsQuery } from "@/app/_client/queries";
import { pageCtx, rightsOf } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { listRepositoryDetails } from "@/lib/copies";
import { RepositoriesView } from "./repositories-view";

export const metadata: Metadata = { title: "Repositories" };

export default async function RepositoriesPage() {
  const ctx = await pageCtx();
  const rights = rightsOf(ctx, ["repository.check", "repository.repair"]);
  const state = await prefill(ctx, [datum(repositoryDetailsQuery(), listRepositoryDetails(ctx))]);
  return (
    <HydrationBoundary state={state}>
      <RepositoriesView mayCheck={rights["repository.check"]} mayRepair={rights["repository.repair"]} />
    </HydrationBoundary>
  );
}
