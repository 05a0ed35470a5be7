import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { findingsQuery, verificationsQuery, verifierQuery } from "@/app/_client/queries";
import { pageCtx, rightsOf } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { getVerifier, listFindings, listVerifications } from "@/lib/verification";

import { OPEN_FINDINGS, VERIFICATIONS_PER_PAGE, loadVerificationSearch } from "./search-params";
import { VerificationView } from "./verification-view";

export const metadata: Metadata = { title: "Verification" };

export default async function VerificationPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const ctx = await pageCtx();
  const search = await loadVerificationSearch(searchParams);
  const given = Object.fromEntries(Object.entries(search).filter(([, value]) => value !== null));
  const rights = rightsOf(ctx, ["verification.start", "finding.manage"]);
  const state = await prefill(ctx, [
    datum(
      verificationsQuery({ ...search, limit: VERIFICATIONS_PER_PAGE }),
      listVerifications(ctx, { ...given, limit: VERIFICATIONS_PER_PAGE }),
    ),
    datum(findingsQuery(OPEN_FINDINGS), listFindings(ctx, OPEN_FINDINGS)),
    datum(verifierQuery(), getVerifier(ctx)),
  ]);
  return (
    <HydrationBoundary state={state}>
      <VerificationView mayTest={rights["verification.start"]} mayManage={rights["finding.manage"]} />
    </HydrationBoundary>
  );
}
