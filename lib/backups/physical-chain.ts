import type { StepCtx } from "@/lib/runs";
import { AnyManifest, type PhysicalManifest } from "./manifest";

/** Backups of files that may belong to the chain of now: a week of increments and more. */
const BACKUPS_MAX = 400;

interface Row {
  id: string;
  parentId: string | null;
  copies: { repositoryId: string }[];
}

/** Whether a repository has a backup and every one that it continues, down to its full. Pure. */
export function hasChain(rows: ReadonlyMap<string, Row>, id: string, repositoryId: string): boolean {
  for (let row = rows.get(id); row?.copies.some((copy) => copy.repositoryId === repositoryId);) {
    if (row.parentId === null) return true;
    row = rows.get(row.parentId);
  }
  return false;
}

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
      copies: { where: { state: "present" }, select: { repositoryId: true } },
    },
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  const newest = rows.find(({ id }) => repositoryIds.every((repositoryId) => hasChain(byId, id, repositoryId)));
  if (!newest) return null;
  const { manifest } = await ctx.db.backup.findUniqueOrThrow({ where: { id: newest.id }, select: { manifest: true } });
  const parsed = AnyManifest.parse(manifest);
  return parsed.method === "physical" ? parsed : null;
}
