import type { ObjectStore } from "@/lib/engines/object-store/port";
import { LimitError } from "@/lib/kernel/errors";

/** Small objects only: manifests, identities, signatures. */
const BYTES_MAX = 64 * 2 ** 20;

/** The whole of a small object, or null when there is none. */
export async function findObject(store: ObjectStore, key: string, signal: AbortSignal): Promise<Buffer | null> {
  return (await store.head(key, { signal })) ? readObject(store, key, signal) : null;
}

/** The whole of a small object. @throws EngineError when there is none */
export async function readObject(store: ObjectStore, key: string, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of await store.get(key, { signal })) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > BYTES_MAX) throw new LimitError(`object "${key}" is larger than a manifest can be`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
