import type { JobCtx } from "@/lib/db/context";
import type { OpenRepository } from "@/lib/repositories";
import { FileLogManifest } from "./manifest";

/**
 * The newest backup of a system's logs that each of the repositories which answer holds: what goes on from it leaves no
 * hole in any of them. One that only some of them hold is passed over, and its bytes are read from the logs again.
 * @returns null where there is none: each log is then taken from its first byte
 */
export async function findFollowedLogs(
  ctx: JobCtx,
  {
    systemId,
    repositories,
    failures,
  }: { systemId: string; repositories: readonly OpenRepository[]; failures: ReadonlyMap<string, unknown> },
): Promise<FileLogManifest | null> {
  const open = repositories.filter(({ name }) => !failures.has(name));
  const row = await ctx.db.backup.findFirst({
    where: {
      systemId,
      type: "log",
      method: "append",
      state: { in: ["complete", "incomplete"] },
      AND: open.map(({ id }) => ({ copies: { some: { repositoryId: id, state: "present" } } })),
    },
    orderBy: [{ startedAt: "desc" }, { id: "desc" }],
    select: { manifest: true },
  });
  return row && FileLogManifest.parse(row.manifest);
}
