import type { StepCtx } from "@/lib/runs";
import { chainIn } from "./links";
import { AnyManifest, type PhysicalManifest } from "./manifest";

/** Backups of files that may belong to the chain of now: a week of increments and more. */
const BACKUPS_MAX = 400;

/** The newest backup of files of which every one of the repositories has the whole chain; null where there is none. */
export async function findParent(
  ctx: StepCtx,
  { systemId, repositoryIds }: { systemId: string; repositoryIds: readonly string[] },
): Promise<PhysicalManifest | null> {
  const rows = await ctx.db.backup.findMany({
    where: { systemId, method: "physical", state: { in: ["complete", "incomplete"] } },
    orderBy: { startedAt: "desc" },
    take: BACKUPS_MAX,
    select: {
      id: true,
      parentId: true,
      copies: { select: { repositoryId: true, state: true } },
    },
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  const newest = rows.find(({ id }) => repositoryIds.every((repositoryId) => chainIn(byId, id, repositoryId) !== null));
  if (!newest) return null;
  const { manifest } = await ctx.db.backup.findUniqueOrThrow({ where: { id: newest.id }, select: { manifest: true } });
  const parsed = AnyManifest.parse(manifest);
  return parsed.method === "physical" ? parsed : null;
}
