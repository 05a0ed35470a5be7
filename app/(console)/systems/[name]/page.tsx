import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { backupsQuery, systemQuery } from "@/app/_client/queries";
import { orNotFound, pageCtx, rightsOf } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { listBackups } from "@/lib/backups";
import { getSystem } from "@/lib/systems";
import { SystemView } from "./system-view";

interface Props {
  params: Promise<{ name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).name) };
}

export default async function SystemPage({ params }: Props) {
  const name = decodeURIComponent((await params).name);
  const ctx = await pageCtx();
  const system = await orNotFound(getSystem(ctx, { name }));
  const rights = rightsOf(ctx, ["backup.start", "verification.start", "restore.start"]);
  const state = await prefill(ctx, [
    datum(systemQuery(name), Promise.resolve(system)),
    datum(backupsQuery({ system: name, limit: 30 }), listBackups(ctx, { system: name, limit: 30 })),
  ]);
  return (
    <HydrationBoundary state={state}>
      <SystemView
        name={name}
        mayBackUp={rights["backup.start"]}
        mayVerify={rights["verification.start"]}
        mayRestore={rights["restore.start"]}
      />
    </HydrationBoundary>
  );
}
