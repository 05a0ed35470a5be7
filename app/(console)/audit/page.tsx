import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { auditEventsQuery, auditFacetsQuery, auditHistogramQuery } from "@/app/_client/queries";
import { pageCtx, rightsOf } from "@/app/_server/page";
import { datum, firstPage, prefill } from "@/app/_server/prefill";
import { Empty } from "@/components/patterns/states";
import { countFacets, countHistogram, listEvents } from "@/lib/audit";
import { AuditView } from "./audit-view";
import { loadAuditSearch } from "./search-params";

export const metadata: Metadata = { title: "Audit" };

export default async function AuditPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const ctx = await pageCtx();
  const rights = rightsOf(ctx, ["audit.read", "audit.export"]);
  if (!rights["audit.read"]) {
    return (
      <Empty title="The audit log is not for your role">
        <p>Auditors and administrators read it. Ask an administrator if you need to.</p>
      </Empty>
    );
  }
  const { query } = await loadAuditSearch(searchParams);
  const state = await prefill(ctx, [
    firstPage(auditEventsQuery(query), listEvents(ctx, { query, limit: 100 })),
    datum(auditFacetsQuery(query), countFacets(ctx, { query })),
    datum(auditHistogramQuery(query), countHistogram(ctx, { query, buckets: 120 })),
  ]);
  return (
    <HydrationBoundary state={state}>
      <AuditView mayExport={rights["audit.export"]} />
    </HydrationBoundary>
  );
}
