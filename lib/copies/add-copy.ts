import { recordAudit } from "@/lib/audit";
import { type AnyManifest, toCopyRow } from "@/lib/backups";
import type { JobCtx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import type { CopyPlace, Judgement } from "./copy-place";
import { settleBackup } from "./record-copies";

/** A copy in a repository that never had one: the backup is older than the repository's part in it. */
export async function addCopy(
  ctx: JobCtx,
  place: CopyPlace,
  { manifest, judgement }: { manifest: AnyManifest; judgement: Judgement },
): Promise<void> {
  requirePermission(ctx, "job.perform");
  if (judgement.state !== "present") return;
  await ctx.transaction(async (tx) => {
    const { count } = await tx.backupCopy.createMany({
      skipDuplicates: true,
      data: [
        {
          backupId: manifest.id,
          repositoryId: place.id,
          state: "present",
          ...toCopyRow(manifest),
          lockedUntil: judgement.lockedUntil,
          checkedAt: ctx.now(),
          checkedBy: place.runId,
        },
      ],
    });
    if (count === 0) return;
    const backup = await settleBackup(tx, manifest.id);
    await recordAudit(tx, ctx, {
      action: "copy.mended",
      entity: { type: "backup", id: manifest.id },
      changes: { before: { copy: null }, after: { copy: "present" } },
      metadata: { repository: place.name, system: manifest.system, backup },
    });
  });
}
