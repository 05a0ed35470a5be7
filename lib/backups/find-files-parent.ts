import type { JobCtx } from "@/lib/db/context";
import type { FilesSource } from "@/lib/engines/files/port";
import { PreconditionError } from "@/lib/kernel/errors";
import type { OpenRepository } from "@/lib/repositories";
import { chainIn } from "./links";
import { FilesManifest } from "./manifest";

/** Backups that may belong to the chain of now: a month of fulls, and a week of increments and more. */
const BACKUPS_MAX = 400;

/**
 * The newest backup of the same files that each of the repositories holds with all that it continues: only then can
 * each of them bring back what continues it, by itself.
 * @throws PreconditionError when there is none, or the declaration was changed since
 */
export async function findFilesParent(
  ctx: JobCtx,
  {
    systemId,
    system,
    source,
    repositories,
  }: { systemId: string; system: string; source: FilesSource; repositories: readonly OpenRepository[] },
): Promise<FilesManifest> {
  const rows = await ctx.db.backup.findMany({
    where: { systemId, method: "tar", state: { in: ["complete", "incomplete"] } },
    orderBy: [{ startedAt: "desc" }, { id: "desc" }],
    take: BACKUPS_MAX,
    select: { id: true, parentId: true, copies: { select: { repositoryId: true, state: true } } },
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  const newest = rows.find(({ id }) => repositories.every((repository) => chainIn(byId, id, repository.id) !== null));
  const row =
    newest && (await ctx.db.backup.findUniqueOrThrow({ where: { id: newest.id }, select: { manifest: true } }));
  const parent = row && FilesManifest.parse(row.manifest);
  if (parent && isSameSelection(parent.source, source)) return parent;
  throw new PreconditionError(
    parent
      ? `the declaration of "${system}" was changed since its last backup`
      : `no backup of "${system}" is whole in ${repositories.map(({ name }) => name).join(" and ")}`,
    { hint: "Take a full backup first: an incremental continues one of the same files." },
  );
}

/** The root may have moved: what lies below it counts. */
function isSameSelection(a: Pick<FilesSource, "include" | "exclude">, b: typeof a): boolean {
  return JSON.stringify([a.include, a.exclude]) === JSON.stringify([b.include, b.exclude]);
}
