import type { JobCtx } from "@/lib/db/context";
import type { ObjectInfo } from "@/lib/engines/object-store/port";
import { requirePermission } from "@/lib/kernel/permissions";
import type { CopyPlace } from "./copy-place";
import { logFileOf } from "./list-groups";

export interface Orphan extends ObjectInfo {
  reason: string;
}

/** Keeps what lies in a repository and belongs to nothing. The objects themselves are left alone. */
export async function recordOrphans(
  ctx: JobCtx,
  place: CopyPlace,
  { runId, orphans }: { runId: string; orphans: readonly Orphan[] },
): Promise<void> {
  requirePermission(ctx, "job.perform");
  if (orphans.length === 0) return;
  const keys = orphans.map(({ key }) => key);
  // No change of ours: what is found is kept, and the check's own event says how many.
  await ctx.db.$transaction([
    ctx.db.repositoryOrphan.deleteMany({ where: { repositoryId: place.id, key: { in: keys } } }),
    ctx.db.repositoryOrphan.createMany({
      data: orphans.map(({ key, sizeBytes, modifiedAt, reason }) => ({
        repositoryId: place.id,
        key,
        sizeBytes,
        modifiedAt,
        reason,
        seenBy: runId,
      })),
    }),
  ]);
}

/** Forgets what the check did not see again, and logs whose first stretch was only being counted when they were seen. */
export async function forgetOrphans(ctx: JobCtx, place: CopyPlace, runId: string): Promise<void> {
  requirePermission(ctx, "job.perform");
  await ctx.db.repositoryOrphan.deleteMany({ where: { repositoryId: place.id, seenBy: { not: runId } } });
  let after = "";
  for (;;) {
    const rows = await ctx.db.repositoryOrphan.findMany({
      where: { repositoryId: place.id, key: { gt: after }, reason: { contains: "log" } },
      orderBy: { key: "asc" },
      take: 500,
      select: { key: true },
    });
    const files = new Map(rows.map(({ key }) => [key, logFileOf(key.slice(key.lastIndexOf("/") + 1)) ?? ""]));
    const known = await ctx.db.logCoverage.findMany({
      where: { repositoryId: place.id, file: { in: [...new Set(files.values())] } },
      select: { file: true, incarnation: true },
    });
    const counted = [...files].filter(([key, file]) =>
      known.some((row) => row.file === file && key.includes(`/${row.incarnation}/`)),
    );
    if (counted.length > 0) {
      const keys = counted.map(([key]) => key);
      await ctx.db.repositoryOrphan.deleteMany({ where: { repositoryId: place.id, key: { in: keys } } });
    }
    after = rows.at(-1)?.key ?? "";
    if (rows.length < 500) return;
  }
}
