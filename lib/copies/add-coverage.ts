import { recordAudit } from "@/lib/audit";
import type { JobCtx } from "@/lib/db/context";
import type { ObjectInfo } from "@/lib/engines/object-store/port";
import { requirePermission } from "@/lib/kernel/permissions";
import type { CopyPlace } from "./copy-place";
import type { CoverageRow } from "./repair-logs";

/**
 * Counts a log file as covered in a repository to which it was copied. Its `updatedAt` stays behind that of what was
 * shipped there: the shipping goes on after the newest.
 */
export async function addCoverage(
  ctx: JobCtx,
  place: CopyPlace,
  { row, objects }: { row: CoverageRow; objects: readonly ObjectInfo[] },
): Promise<void> {
  requirePermission(ctx, "job.perform");
  const { system, repository, ...data } = row;
  await ctx.transaction(async (tx) => {
    const { _min } = await tx.logCoverage.aggregate({
      where: { repositoryId: place.id, systemId: row.systemId, incarnation: row.incarnation },
      _min: { updatedAt: true },
    });
    const before = _min.updatedAt ? new Date(_min.updatedAt.getTime() - 1) : row.updatedAt;
    const { count } = await tx.logCoverage.createMany({
      skipDuplicates: true,
      data: [
        {
          ...data,
          repositoryId: place.id,
          storedBytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
          updatedAt: before < row.updatedAt ? before : row.updatedAt,
          checkedAt: ctx.now(),
          checkedBy: place.runId,
        },
      ],
    });
    if (count === 0) return;
    await recordAudit(tx, ctx, {
      action: "copy.mended",
      entity: { type: "system", id: system.name },
      changes: { before: { copy: null }, after: { copy: "present" } },
      metadata: { repository: place.name, from: repository.name, log: row.file, incarnation: row.incarnation },
    });
  });
}
