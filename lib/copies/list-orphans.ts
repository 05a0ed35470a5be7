import type { Ctx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { ListOrphansInput, type OrphanPage } from "./schemas";

/** Objects of a repository that belong to nothing in the catalogue, as its newest check saw them, a page at a time. */
export async function listOrphans(ctx: Ctx, input: ListOrphansInput): Promise<OrphanPage> {
  requirePermission(ctx, "backup.read");
  const { repository, cursor, limit } = ListOrphansInput.parse(input);
  const place = await ctx.db.repository.findUnique({ where: { name: repository }, select: { id: true } });
  if (!place) throw new NotFoundError("repository", repository);
  const rows = await ctx.db.repositoryOrphan.findMany({
    where: { repositoryId: place.id, ...(cursor ? { key: { gt: cursor } } : {}) },
    orderBy: { key: "asc" },
    take: limit + 1,
  });
  const page = rows.slice(0, limit);
  return {
    orphans: page.map(({ key, sizeBytes, modifiedAt, reason }) => ({
      key,
      sizeBytes: Number(sizeBytes),
      modifiedAt: modifiedAt.toISOString(),
      reason,
    })),
    nextCursor: rows.length > limit ? (page.at(-1)?.key ?? null) : null,
  };
}
