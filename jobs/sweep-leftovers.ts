import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { sweepScratch } from "@/lib/engines/database/mariadb/server/sweep-scratch";
import type { JobCtx } from "@/lib/db/context";

/** Ends servers and removes directories that a runner left behind when it was killed on this machine. */
export async function sweepLeftovers(ctx: JobCtx): Promise<void> {
  const { scratch } = ctx.engines.directories;
  const running = await ctx.db.run.findMany({ where: { state: "running" }, select: { id: true } });
  for (const name of await readdir(scratch)) {
    // A fetched log holds no server: it belongs to a run of another runner, or to nobody any more.
    if (running.some((run) => name === `${run.id.slice(-12)}.log`)) continue;
    const isGone = name.endsWith(".log")
      ? await removeLog(join(scratch, name))
      : await sweepScratch(join(scratch, name));
    ctx.log.info({ directory: name, isGone }, "a leftover of an earlier runner was swept");
  }
}

async function removeLog(directory: string): Promise<true> {
  await rm(directory, { recursive: true, force: true });
  return true;
}
