import { createHash } from "node:crypto";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { isSignatureValid } from "@/lib/kernel/crypto";
import { DamagedError } from "@/lib/kernel/errors";
import type { OpenRepository } from "@/lib/repositories";

export type CopyPlace = Pick<OpenRepository, "store" | "identity" | "name" | "id"> & {
  /** The run that looks at it: what it looked at is marked so. Times would not do, since clocks may be moved. */
  runId: string;
  /** Of the run. */
  signal: AbortSignal;
  /** A lock is declared: the store is asked until when each object is held. */
  isLocked: boolean;
};

/**
 * States of a copy that should be there. One that is being written is not looked at, nor one that retention deletes or
 * has deleted.
 */
export const EXPECTED_COPIES = ["present", "missing", "damaged"] as const;

/** A copy that its backup lacks. What retention has let go of is lacking to nobody. */
export function isLacking(state: string): boolean {
  return !["present", "expiring", "expired"].includes(state);
}

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

/** What one repository signs counts in another only with a key that this one names. */
export function requireKey(target: CopyPlace, bytes: Buffer, signature: Buffer): void {
  if (target.identity.publicKeys.some((pem) => isSignatureValid(pem, bytes, signature))) return;
  throw new DamagedError(`repository "${target.name}" does not name the key that signed it`, {
    hint: "Was it made by another installation? Its holdfast.json must name both keys.",
  });
}
