import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { backupsQuery, repositoriesQuery } from "@/app/_client/queries";
import { pageCtx, rightsOf } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { listBackups } from "@/lib/backups";
import { listRepositories } from "@/lib/repositories";
import { BackupsView } from "./backups-view";
import { BACKUPS_PER_PAGE, loadBackupsSearch } from "./search-params";

export const metadata: Metadata = { title: "Backups" };

export default async function BackupsPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const ctx = await pageCtx();
  const search = await loadBackupsSearch(searchParams);
  const given = Object.fromEntries(Object.entries(search).filter(([, value]) => value !== null));
  const state = await prefill(ctx, [
    datum(
      backupsQuery({ ...search, limit: BACKUPS_PER_PAGE }),
      listBackups(ctx, { ...given, limit: BACKUPS_PER_PAGE }),
    ),
    datum(repositoriesQuery(), listRepositories(ctx)),
  ]);
  return (
    <HydrationBoundary state={state}>
      <BackupsView mayBackUp={rightsOf(ctx, ["backup.start"])["backup.start"]} />
    </HydrationBoundary>
  );
}
