import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { retentionQuery } from "@/app/_client/queries";
import { pageCtx, rightsOf } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { planRetention } from "@/lib/retention";
import { RetentionView } from "./retention-view";

export const metadata: Metadata = { title: "Retention" };

export default async function RetentionPage() {
  const ctx = await pageCtx();
  const state = await prefill(ctx, [datum(retentionQuery(), planRetention(ctx))]);
  const rights = rightsOf(ctx, ["retention.apply", "retention.lift"]);
  return (
    <HydrationBoundary state={state}>
      <RetentionView mayApply={rights["retention.apply"]} mayLift={rights["retention.lift"]} />
    </HydrationBoundary>
  );
}
