import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { JobCtx } from "@/lib/db/context";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { DamagedError } from "@/lib/kernel/errors";
import { findObject } from "@/lib/repositories";
import { digestObject } from "./copy-place";

export interface ObjectDigest {
  key: string;
  sizeBytes: number;
  sha256: string;
}

type Copying = Pick<JobCtx, "signal"> & { onBytes?: (count: number) => void };

/**
 * Brings an object from a store that holds it well to one that lacks it or holds other bytes. Its digest is taken while
 * it streams: bytes that do not fit are not stored. Other bytes under its key are taken away only after the good ones
 * were read and found right; a bucket with versions keeps them below. Returns whether anything was copied.
 * @throws DamagedError when the source's bytes do not fit either, EngineError
 */
export async function copyObject(
  ctx: Copying,
  stores: { from: ObjectStore; to: ObjectStore },
  object: ObjectDigest,
): Promise<boolean> {
  const { from, to } = stores;
  const { signal } = ctx;
  if (await to.head(object.key, { signal })) {
    if ((await digestObject(ctx, to, object.key)).sha256 === object.sha256) return false;
    const good = await digestObject(ctx, from, object.key);
    if (good.sha256 !== object.sha256) throw differs(object.key, from);
    await to.delete(object.key, { signal });
  }
  const source = await from.get(object.key, { signal });
  const judged: { fault?: DamagedError } = {};
  const body = Readable.from(fitting(source, object, { from, judged, ...ctx }), { objectMode: false });
  await to.put(object.key, body, { signal }).catch((error: unknown) => {
    throw judged.fault ?? error; // The store only knows that the bytes broke off.
  });
  return true;
}

/** The same for a small object that is known whole, such as a signature. */
export async function copyBytes(
  ctx: Pick<JobCtx, "signal">,
  to: ObjectStore,
  object: { key: string; bytes: Buffer },
): Promise<boolean> {
  const there = await findObject(to, object.key, ctx.signal);
  if (there?.equals(object.bytes)) return false;
  if (there) await to.delete(object.key, { signal: ctx.signal });
  await to.put(object.key, object.bytes, { signal: ctx.signal });
  return true;
}

/** Bytes as they come; fails at their end when they are not the wanted ones, so that nothing of them is kept. */
async function* fitting(
  source: AsyncIterable<unknown>,
  object: ObjectDigest,
  { from, judged, onBytes }: { from: ObjectStore; judged: { fault?: DamagedError }; onBytes?: (count: number) => void },
): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  for await (const chunk of source) {
    const bytes = chunk as Buffer;
    hash.update(bytes);
    onBytes?.(bytes.length);
    yield bytes;
  }
  if (hash.digest("hex") === object.sha256) return;
  judged.fault = differs(object.key, from);
  throw judged.fault;
}

export function differs(key: string, store: ObjectStore): DamagedError {
  return new DamagedError(`object "${key}" in ${store.location} does not fit its digest`, {
    hint: "It cannot mend another copy; a check of that repository records it.",
  });
}
