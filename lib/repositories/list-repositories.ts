import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import type { RepositoryView } from "./schemas";

/** The declared repositories with what lies in them. */
export async function listRepositories(ctx: Ctx): Promise<{ repositories: RepositoryView[] }> {
  requirePermission(ctx, "backup.read");
  const [rows, copies, logs] = await Promise.all([
    ctx.db.repository.findMany({ where: { removedAt: null }, orderBy: { createdAt: "asc" } }),
    ctx.db.backupCopy.groupBy({
      by: ["repositoryId"],
      where: { state: "present" },
      _count: true,
      _sum: { sizeBytes: true },
    }),
    ctx.db.logCoverage.groupBy({ by: ["repositoryId"], _sum: { storedBytes: true } }),
  ]);
  return {
    repositories: rows.map((row) => {
      const copy = copies.find((each) => each.repositoryId === row.id);
      const log = logs.find((each) => each.repositoryId === row.id);
      return {
        name: row.name,
        kind: row.kind as RepositoryView["kind"],
        location: row.location,
        checkedAt: row.checkedAt?.toISOString() ?? null,
        checkError: row.checkError,
        backups: copy?._count ?? 0,
        storedBytes: Number(copy?._sum.sizeBytes ?? 0) + Number(log?._sum.storedBytes ?? 0),
      };
    }),
  };
}
