import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { cutQuery } from "@/app/_client/queries";
import { orNotFound, pageCtx } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { getCut } from "@/lib/backups";
import { GetCutInput } from "@/lib/backups/schemas";
import { CutPageView } from "./cut-view";

export const metadata: Metadata = { title: "Cut" };

export default async function CutPage({ params }: { params: Promise<{ id: string }> }) {
  const ctx = await pageCtx();
  const input = GetCutInput.safeParse({ id: (await params).id });
  if (!input.success) notFound();
  const cut = await orNotFound(getCut(ctx, input.data));
  const state = await prefill(ctx, [datum(cutQuery(cut.id), Promise.resolve(cut))]);
  return (
    <HydrationBoundary state={state}>
      <CutPageView id={cut.id} />
    </HydrationBoundary>
  );
}
