import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { backupQuery } from "@/app/_client/queries";
import { orNotFound, pageCtx, rightsOf } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { getBackup } from "@/lib/backups";
import { GetBackupInput } from "@/lib/backups/schemas";
import { BackupView } from "./backup-view";

interface Props {
  params: Promise<{ id: string }>;
}

export const metadata: Metadata = { title: "Backup" };

export default async function BackupPage({ params }: Props) {
  const ctx = await pageCtx();
  const input = GetBackupInput.safeParse({ id: (await params).id });
  if (!input.success) notFound();
  const backup = await orNotFound(getBackup(ctx, input.data));
  const rights = rightsOf(ctx, ["verification.start", "repository.repair", "restore.start"]);
  const state = await prefill(ctx, [datum(backupQuery(backup.id), Promise.resolve(backup))]);
  return (
    <HydrationBoundary state={state}>
      <BackupView
        id={backup.id}
        mayVerify={rights["verification.start"]}
        mayRepair={rights["repository.repair"]}
        mayRestore={rights["restore.start"]}
      />
    </HydrationBoundary>
  );
}
