import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { repositoriesQuery, runbooksQuery } from "@/app/_client/queries";
import { pageCtx, rightsOf } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { listRepositories } from "@/lib/repositories";
import { listRunbooks } from "@/lib/runbooks";
import { findConfiguration } from "@/lib/settings";
import { RecoveryView } from "./recovery-view";

export const metadata: Metadata = { title: "Recovery" };

export default async function RecoveryPage() {
  const ctx = await pageCtx();
  const rights = rightsOf(ctx, ["restore.start", "runbook.drill", "runbook.live"]);
  const [loaded, state] = await Promise.all([
    findConfiguration(ctx),
    prefill(ctx, [datum(runbooksQuery(), listRunbooks(ctx)), datum(repositoriesQuery(), listRepositories(ctx))]),
  ]);
  const targets = Object.entries(loaded?.configuration.targets ?? {}).flatMap(([name, target]) =>
    target.allow.includes("drill") ? [name] : [],
  );
  return (
    <HydrationBoundary state={state}>
      <RecoveryView
        targets={targets}
        mayRestore={rights["restore.start"]}
        mayDrill={rights["runbook.drill"]}
        mayGoLive={rights["runbook.live"]}
      />
    </HydrationBoundary>
  );
}
