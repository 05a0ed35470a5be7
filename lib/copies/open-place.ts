import type { JobCtx } from "@/lib/db/context";
import { openKnownRepository } from "@/lib/repositories";
import { loadConfiguration } from "@/lib/settings";
import type { CopyPlace } from "./copy-place";

/** A repository, opened to look at the copies in it. @throws when it does not answer, or is not the one that was pinned */
export async function openPlace(ctx: JobCtx, repository: string, runId: string): Promise<CopyPlace> {
  const { configuration } = await loadConfiguration(ctx);
  const declared = configuration.repositories[repository];
  const opened = await openKnownRepository(ctx, repository);
  const isLocked = declared?.kind === "s3" && declared.lock !== undefined;
  return { ...opened, runId, signal: ctx.signal, isLocked };
}
