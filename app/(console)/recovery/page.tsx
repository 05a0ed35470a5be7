import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { runbooksQuery } from "@/app/_client/queries";
import { pageCtx, rightsOf } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { listRunbooks } from "@/lib/runbooks";
import { RecoveryView } from "./recovery-view";

export const metadata: Metadata = { title: "Recovery" };

export default async function RecoveryPage() {
  const ctx = await pageCtx();
  const rights = rightsOf(ctx, ["restore.start", "runbook.drill", "runbook.live"]);
  const state = await prefill(ctx, [datum(runbooksQuery(), listRunbooks(ctx))]);
  return (
    <HydrationBoundary state={state}>
      <RecoveryView
        mayRestore={rights["restore.start"]}
        mayDrill={rights["runbook.drill"]}
        mayGoLive={rights["runbook.live"]}
      />
    </HydrationBoundary>
  );
}
