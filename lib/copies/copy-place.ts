import { createHash } from "node:crypto";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import type { OpenRepository } from "@/lib/repositories";

export type CopyPlace = Pick<OpenRepository, "store" | "identity" | "name" | "id"> & {
  /** The run that looks at it: what it looked at is marked so. Times would not do, since clocks may be moved. */
  runId: string;
  /** Of the run. */
  signal: AbortSignal;
  /** A lock is declared: the store is asked until when each object is held. */
  isLocked: boolean;
};

/** What was found of a copy. `error` says which object, and what about it. */
export type Judgement =
  { state: "present"; lockedUntil: Date | null; readBytes: number } | { state: "missing" | "damaged"; error: string };

/** Digest of an object's stored bytes; memory stays flat. */
export async function digestObject(
  ctx: { signal: AbortSignal },
  store: ObjectStore,
  key: string,
): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of await store.get(key, { signal: ctx.signal })) {
    hash.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).length;
  }
  return { sizeBytes, sha256: hash.digest("hex") };
}
