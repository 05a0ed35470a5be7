import type { JobCtx } from "@/lib/db/context";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { DamagedError, NotFoundError, RefusedError, summarizeError } from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { IDENTITY_KEY, README_KEY, SCRIPT_KEY } from "./keys";
import { findObject } from "./read-object";
import { describeRepository } from "./describe-repository";
import { RepositoryIdentity } from "./schemas";

export interface OpenRepository {
  /** Row of the console's database. */
  id: string;
  name: string;
  store: ObjectStore;
  identity: RepositoryIdentity;
}

/**
 * Opens a repository for writing. An empty place is initialised once; after that its identity is pinned, and another
 * identity, or none where there was one, is refused: never write over a repository that is not ours.
 * @throws NotFoundError, RefusedError, DamagedError, EngineError
 */
export async function openRepository(ctx: JobCtx, name: string): Promise<OpenRepository> {
  const row = await ctx.db.repository.findUnique({ where: { name } });
  if (!row) throw new NotFoundError("repository", name);
  try {
    const store = await ctx.engines.store(name);
    const identity = row.identity
      ? await establishIdentity(ctx, store, { name, pinned: row.identity })
      : await pinIdentity(ctx, store, name);
    await ctx.db.repository.update({
      where: { name },
      data: { identity: identity.id, checkedAt: ctx.now(), checkError: null },
    });
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

/** Two that open an empty place at once would each give it an identity of their own: the row's lock lets one be the first. */
async function pinIdentity(ctx: JobCtx, store: ObjectStore, name: string): Promise<RepositoryIdentity> {
  const limits = { timeout: 60_000, maxWait: 60_000 };
  return ctx.db.$transaction(async (tx) => {
    const [row] = await tx.$queryRaw<{ identity: string | null }[]>`
      SELECT identity FROM repositories WHERE name = ${name} FOR UPDATE`;
    const identity = await establishIdentity(ctx, store, { name, pinned: row?.identity ?? null });
    await tx.repository.update({ where: { name }, data: { identity: identity.id } });
    return identity;
  }, limits);
}

async function establishIdentity(
  ctx: JobCtx,
  store: ObjectStore,
  place: { name: string; pinned: string | null },
): Promise<RepositoryIdentity> {
  const found = await readIdentity(store, ctx.signal);
  if (found) {
    if (place.pinned && place.pinned !== found.id) {
      throw new RefusedError(`repository "${place.name}" holds another identity than the one it was pinned to`, {
        hint: `Does ${store.location} belong to another installation? Point the repository to its own place.`,
      });
    }
    const identity = knowsOurKey(found, ctx) ? found : await publishIdentity(ctx, store, addKey(found, ctx));
    await keepGuide(ctx, store, identity);
    return identity;
  }
  if (place.pinned) {
    throw new RefusedError(`repository "${place.name}" was initialised, but its holdfast.json is gone`, {
      hint: `Was ${store.location} emptied or replaced? It is not initialised a second time by itself.`,
    });
  }
  await refuseForeignPlace(store, place.name, ctx.signal);
  await refuseKnownPlace(ctx, store, place.name);
  // First of all: a runner that dies after it leaves a place that is known as ours.
  const identity = await publishIdentity(ctx, store, {
    format: 1,
    id: newId(),
    createdAt: ctx.now().toISOString(),
    publicKeys: [ctx.engines.signer.publicPem],
  });
  await keepGuide(ctx, store, identity);
  return identity;
}

/** The identity of a repository, or null where there is none. @throws DamagedError when it is of no format that we know */
export async function readIdentity(store: ObjectStore, signal: AbortSignal): Promise<RepositoryIdentity | null> {
  const bytes = await findObject(store, IDENTITY_KEY, signal);
  if (!bytes) return null;
  try {
    return RepositoryIdentity.parse(JSON.parse(bytes.toString("utf8")));
  } catch (cause) {
    throw new DamagedError(`${IDENTITY_KEY} in ${store.location} cannot be read`, {
      hint: "Was it changed, or written by a newer Holdfast? An earlier version of the object, or the other repository, holds the right one.",
      cause,
    });
  }
}

async function refuseForeignPlace(store: ObjectStore, name: string, signal: AbortSignal): Promise<void> {
  for await (const object of store.list("", { signal })) {
    throw new RefusedError(`repository "${name}" is not empty and not ours: it holds "${object.key}"`, {
      hint: `Give ${store.location} a prefix or directory of its own.`,
    });
  }
}

/** An empty listing of a place that should hold backups is a wrong prefix, missing rights or a loss: none is a beginning. */
async function refuseKnownPlace(ctx: JobCtx, store: ObjectStore, name: string): Promise<void> {
  const row = await ctx.db.repository.findUniqueOrThrow({
    where: { name },
    select: {
      copies: { where: { state: { in: ["present", "damaged"] } }, take: 1 },
      coverages: { take: 1 },
    },
  });
  if (row.copies.length + row.coverages.length === 0) return;
  throw new RefusedError(`repository "${name}" is empty, though the catalogue knows of backups in it`, {
    hint: `Is ${store.location} the right place, and may our keys list it? It is not initialised a second time by itself.`,
  });
}

async function publishIdentity(
  ctx: JobCtx,
  store: ObjectStore,
  identity: RepositoryIdentity,
): Promise<RepositoryIdentity> {
  await store.replace(IDENTITY_KEY, Buffer.from(`${JSON.stringify(identity, null, 2)}\n`), { signal: ctx.signal });
  return identity;
}

/** What a person needs to restore without us is there, and of this version. */
async function keepGuide(ctx: JobCtx, store: ObjectStore, identity: RepositoryIdentity): Promise<void> {
  const { signal, engines } = ctx;
  const guide = [
    [README_KEY, describeRepository(identity)],
    [SCRIPT_KEY, engines.restoreScript],
  ] as const;
  for (const [key, text] of guide) {
    const bytes = Buffer.from(text);
    const there = await findObject(store, key, signal);
    if (!there?.equals(bytes)) await store.replace(key, bytes, { signal });
  }
}

function knowsOurKey(identity: RepositoryIdentity, ctx: JobCtx): boolean {
  return identity.publicKeys.includes(ctx.engines.signer.publicPem);
}

/** A second key joins the first: what the first signed stays valid. */
function addKey(identity: RepositoryIdentity, ctx: JobCtx): RepositoryIdentity {
  return { ...identity, publicKeys: [...identity.publicKeys, ctx.engines.signer.publicPem] };
}
