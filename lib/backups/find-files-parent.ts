import type { JobCtx } from "@/lib/db/context";
import type { FilesSource } from "@/lib/engines/files/port";
import { PreconditionError } from "@/lib/kernel/errors";
import type { OpenRepository } from "@/lib/repositories";
import { FilesManifest } from "./manifest";

/**
 * The newest backup of the same files that each of the repositories holds: only then can each of them bring back what
 * continues it, by itself.
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
  const row = await ctx.db.backup.findFirst({
    where: {
      systemId,
      method: "tar",
      state: { in: ["complete", "incomplete"] },
      AND: repositories.map(({ id }) => ({ copies: { some: { repositoryId: id, state: "present" } } })),
    },
    orderBy: [{ startedAt: "desc" }, { id: "desc" }],
  });
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
