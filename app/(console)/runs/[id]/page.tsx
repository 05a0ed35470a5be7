import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { runQuery } from "@/app/_client/queries";
import { orNotFound, pageCtx, rightsOf } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { getRun } from "@/lib/runs";
import { GetRunInput } from "@/lib/runs/schemas";
import { notFound } from "next/navigation";
import { RunView } from "./run-view";

interface Props {
  params: Promise<{ id: string }>;
}

export const metadata: Metadata = { title: "Run" };

export default async function RunPage({ params }: Props) {
  const ctx = await pageCtx();
  const input = GetRunInput.safeParse({ id: (await params).id });
  if (!input.success) notFound();
  const run = await orNotFound(getRun(ctx, input.data));
  const rights = rightsOf(ctx, ["run.abort", "run.decide", "drill.complete"]);
  const state = await prefill(ctx, [datum(runQuery(run.id), Promise.resolve(run))]);
  return (
    <HydrationBoundary state={state}>
      <RunView
        id={run.id}
        mayAbort={rights["run.abort"]}
        mayDecide={rights["run.decide"]}
        mayCompleteDrill={rights["drill.complete"]}
      />
    </HydrationBoundary>
  );
}
