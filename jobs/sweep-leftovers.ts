import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { removeScratch, sweepScratch } from "@/lib/engines/database/mariadb/server/sweep-scratch";
import { sweepTemporaryDirectories } from "@/lib/engines/database/mariadb/temporary-directory";
import type { JobCtx } from "@/lib/db/context";

/** Ends servers and removes directories that a runner left behind when it was killed on this machine. */
export async function sweepLeftovers(ctx: JobCtx): Promise<void> {
  const { scratch } = ctx.engines.directories;
  const names = await readdir(scratch);
  // Asked for after the names: a run that began in between has no directory among them.
  const running = await ctx.db.run.findMany({ where: { state: "running" }, select: { id: true } });
  for (const name of names) {
    // A fetched log or an unpacked tree holds no server: it belongs to a run of another runner, or to nobody any more.
    if (isServerless(name) && running.some((run) => name.startsWith(`${run.id.slice(-12)}.`))) continue;
    const isGone = isServerless(name)
      ? await removeDirectory(join(scratch, name))
      : await sweepScratch(join(scratch, name));
    if (isGone) ctx.log.info({ directory: name }, "a leftover of an earlier runner was swept");
  }
  await sweepTemporaryDirectories();
}

/** Ends the servers of this runner's restores, which live as long as it does, and removes them. */
export async function endOwnServers(ctx: JobCtx): Promise<void> {
  const { scratch } = ctx.engines.directories;
  for (const name of await readdir(scratch)) {
    if (isServerless(name)) continue;
    await removeScratch(join(scratch, name)).catch((cause: unknown) =>
      ctx.log.warn({ err: cause, directory: name }, "a throw-away server could not be removed"),
    );
  }
}

/** A fetched log, or a tree that was unpacked to be compared. */
function isServerless(name: string): boolean {
  return name.endsWith(".log") || /\.tree\..*\.holdfast-unfinished$/.test(name);
}

async function removeDirectory(directory: string): Promise<true> {
  await rm(directory, { recursive: true, force: true });
  return true;
}
