import type { JobCtx } from "@/lib/db/context";
import { NotFoundError, PreconditionError, RefusedError, summarizeError } from "@/lib/kernel/errors";
import { type OpenRepository, readIdentity } from "./open-repository";

/**
 * Opens a repository to read it: only one that was initialised, and only the pinned one. Nothing is written to it.
 * @throws NotFoundError, PreconditionError without a holdfast.json, RefusedError for another identity, EngineError
 */
export async function openKnownRepository(ctx: JobCtx, name: string): Promise<OpenRepository> {
  const row = await ctx.db.repository.findUnique({ where: { name } });
  if (!row) throw new NotFoundError("repository", name);
  try {
    const store = await ctx.engines.store(name);
    const identity = await readIdentity(store, ctx.signal);
    if (!identity) {
      throw new PreconditionError(`repository "${name}" has no holdfast.json`, {
        hint: row.identity
          ? `Was ${store.location} emptied or replaced? It is not initialised a second time by itself.`
          : `The first backup initialises ${store.location}; is it the right place?`,
      });
    }
    if (row.identity && row.identity !== identity.id) {
      throw new RefusedError(`repository "${name}" holds another identity than the one it was pinned to`, {
        hint: `Does ${store.location} belong to another installation?`,
      });
    }
    await ctx.db.repository.update({ where: { name }, data: { checkedAt: ctx.now(), checkError: null } });
    return { id: row.id, name, store, identity };
  } catch (error) {
    if (ctx.signal.aborted) throw error; // It says nothing about the repository.
    await ctx.db.repository.update({
      where: { name },
      data: { checkedAt: ctx.now(), checkError: summarizeError(error).message },
    });
    throw error;
  }
}
