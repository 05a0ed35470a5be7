import { readReach } from "@/lib/backups";
import type { JobCtx } from "@/lib/db/context";

/** The declared repositories, those that hold the named backup first, then those that reach furthest. */
export async function orderByReach(
  ctx: JobCtx,
  { system, backup }: { system: string; backup?: string | undefined },
  declared: readonly string[],
): Promise<string[]> {
  const holders = backup ? await holdersOf(ctx, backup) : [];
  const { id } = await ctx.db.system.findUniqueOrThrow({ where: { name: system } });
  const reaches = (await readReach(ctx, [{ id, repositories: declared }])).get(id) ?? [];
  const to = (name: string) => reaches.find((reach) => reach.repository === name)?.best?.to.getTime() ?? 0;
  const holds = (name: string) => (holders.includes(name) ? 1 : 0);
  return [...declared].sort((a, b) => holds(b) - holds(a) || to(b) - to(a));
}

/** Repositories that have a copy of a backup, as far as the console knows. */
async function holdersOf(ctx: JobCtx, backupId: string): Promise<string[]> {
  const copies = await ctx.db.backupCopy.findMany({
    where: { backupId, state: "present" },
    select: { repository: { select: { name: true } } },
  });
  return copies.map((copy) => copy.repository.name);
}
