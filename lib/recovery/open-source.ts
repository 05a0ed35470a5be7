import type { JobCtx } from "@/lib/db/context";
import { CancelledError, HoldfastError, PreconditionError, RefusedError } from "@/lib/kernel/errors";
import { readIdentity } from "@/lib/repositories";
import type { StepCtx } from "@/lib/runs";
import type { RecoverySource } from "./recovery";

/** The first of the repositories that answers and is the pinned one. @throws the last one's error when none is */
export async function openSource(
  ctx: StepCtx,
  { system, candidates }: { system: string; candidates: readonly string[] },
): Promise<RecoverySource> {
  let lastError: unknown = new PreconditionError(`system "${system}" declares no repository`, {
    hint: "Declare `backup.full.to` in holdfast.yaml.",
  });
  for (const repository of candidates) {
    try {
      return await openForReading(ctx, system, repository);
    } catch (error) {
      if (!(error instanceof HoldfastError) || error instanceof CancelledError) throw error;
      ctx.run.say(`repository ${repository}: ${error.message}. ${error.hint ?? ""}`, "warning");
      lastError = error;
    }
  }
  throw lastError;
}

/** Reads who the repository is, and refuses one that is not the pinned one. Nothing is written. */
async function openForReading(ctx: JobCtx, system: string, repository: string): Promise<RecoverySource> {
  const store = await ctx.engines.store(repository);
  const identity = await readIdentity(store, ctx.signal);
  if (!identity) {
    throw new PreconditionError(`repository "${repository}" has no holdfast.json`, {
      hint: `Is ${store.location} the right place?`,
    });
  }
  const row = await ctx.db.repository.findUnique({ where: { name: repository } });
  if (row?.identity && row.identity !== identity.id) {
    throw new RefusedError(`repository "${repository}" holds another identity than the one it was pinned to`, {
      hint: `Does ${store.location} belong to another installation?`,
    });
  }
  return { system, repository, store, publicKeys: identity.publicKeys };
}
