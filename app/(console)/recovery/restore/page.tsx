import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { restorePreviewQuery, systemQuery } from "@/app/_client/queries";
import { pageCtx, rightsOf } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { systemsOfRequest } from "@/app/_server/systems-of-request";
import { previewRestore } from "@/lib/recovery";
import { findConfiguration } from "@/lib/settings";
import { isDatabase } from "@/lib/settings/schemas";
import { getSystem } from "@/lib/systems";
import { RestoreWizard } from "./restore-wizard";
import { loadRestoreSearch, previewInput, targetOf } from "./search-params";

export const metadata: Metadata = { title: "Restore" };

export default async function RestorePage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const ctx = await pageCtx();
  const search = await loadRestoreSearch(searchParams);
  const { system, from } = search;
  const loaded = await findConfiguration(ctx);
  const isServer = isDatabase(loaded?.configuration.systems[system ?? ""]);
  const input = previewInput({ ...search, to: targetOf(search.to, isServer) });
  const [systems, state] = await Promise.all([
    systemsOfRequest(),
    prefill(
      ctx,
      system
        ? [
            datum(systemQuery(system), getSystem(ctx, { name: system })),
            datum(
              restorePreviewQuery(input),
              previewRestore(ctx, { system, at: input.at, to: input.to, ...(from ? { from } : {}) }),
            ),
          ]
        : [],
    ),
  ]);
  const targets = Object.entries(loaded?.configuration.targets ?? {}).map(([name, target]) => ({
    name,
    directory: target.directory,
    isOpen: target.allow.includes("drill"),
  }));
  return (
    <HydrationBoundary state={state}>
      <RestoreWizard
        systems={systems.systems}
        targets={targets}
        mayRestore={rightsOf(ctx, ["restore.start"])["restore.start"]}
      />
    </HydrationBoundary>
  );
}
