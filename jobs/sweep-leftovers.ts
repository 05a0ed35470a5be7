import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { sweepScratch } from "@/lib/engines/database/mariadb/server/sweep-scratch";
import type { JobCtx } from "@/lib/db/context";

/** Ends servers and removes directories that a runner left behind when it was killed on this machine. */
export async function sweepLeftovers(ctx: JobCtx): Promise<void> {
  const { scratch } = ctx.engines.directories;
  for (const name of await readdir(scratch)) {
    const isGone = await sweepScratch(join(scratch, name));
    ctx.log.info({ directory: name, isGone }, "a leftover of an earlier runner was swept");
  }
}
