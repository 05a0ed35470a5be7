import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ManifestPart } from "@/lib/backups";
import { CancelledError, DamagedError, EngineError } from "@/lib/kernel/errors";
import { damaged } from "./open-piece";
import { type Recovery, type RecoveryCtx, identityFor } from "./recovery";

interface OpenPart {
  part: ManifestPart;
  consume: (plain: Readable) => Promise<void>;
  /** Hears how many stored bytes were read so far. */
  onProgress?: (sealedBytes: number) => void;
}

/** Hands a part's plain bytes to `consume`, and checks digests and exit codes after the last byte. */
export async function openPart(
  ctx: RecoveryCtx,
  recovery: Pick<Recovery, "source" | "identityFile">,
  { part, consume, onProgress }: OpenPart,
): Promise<void> {
  const sealed = Readable.from(counted(readPieces(ctx, recovery, part), onProgress), { objectMode: false });
  const opening = ctx.engines.envelope.open(sealed, {
    encrypted: part.encrypted,
    identityFile: identityFor(recovery, part),
    signal: ctx.signal,
  });
  const [consumed, opened] = await Promise.allSettled([consume(opening.output), opening.done]);
  // A broken envelope is the cause of what the database says about the cut SQL.
  if (opened.status === "rejected") {
    // Cancelled: the consumer failed and stopped reading.
    if (opened.reason instanceof CancelledError && consumed.status === "rejected") throw consumed.reason;
    await proveBytes(ctx, recovery, part);
    throw (await isSealedForUs(ctx, recovery, { part, reason: opened.reason }))
      ? cannotBeOpened(recovery, part)
      : opened.reason;
  }
  if (consumed.status === "rejected") throw consumed.reason;
  const [first] = part.pieces;
  if (opened.value.sealed.sha256 !== part.sealed.sha256 || opened.value.plain.sizeBytes !== part.plain.sizeBytes) {
    throw damaged(first?.key ?? part.name, recovery.source.store.location);
  }
}

/** age tells a wrong key and damaged bytes alike: the digests tell them apart. @throws DamagedError */
async function proveBytes(ctx: RecoveryCtx, recovery: Pick<Recovery, "source">, part: ManifestPart): Promise<void> {
  const { store } = recovery.source;
  for (const piece of part.pieces) {
    const found = await store.head(piece.key, { signal: ctx.signal });
    if (found?.sizeBytes !== piece.sizeBytes) throw damaged(piece.key, store.location);
    const hash = createHash("sha256");
    for await (const chunk of await store.get(piece.key, { signal: ctx.signal })) hash.update(chunk as Buffer);
    if (hash.digest("hex") !== piece.sha256) throw damaged(piece.key, store.location);
  }
}

/**
 * Whether bytes that are the stored ones must open here: they are in the clear, or sealed for a key that we hold. If they
 * do not, they were wrong when they were stored. With any other key, or without the programs, nothing is said of them.
 */
async function isSealedForUs(
  ctx: RecoveryCtx,
  recovery: Pick<Recovery, "identityFile">,
  { part, reason }: { part: ManifestPart; reason: unknown },
): Promise<boolean> {
  if (!(reason instanceof EngineError) || reason.engine !== "envelope" || reason.kind === "missing-program")
    return false;
  if (!part.encrypted) return true;
  const identity = identityFor(recovery, part);
  if (identity === undefined) return false;
  const ours = await ctx.engines.envelope.recipientsOf(identity, ctx.signal);
  return part.recipients.some((recipient) => ours.includes(recipient));
}

function cannotBeOpened({ source }: Pick<Recovery, "source">, part: ManifestPart): DamagedError {
  return new DamagedError(`the ${part.name} cannot be opened with a key that its manifest names`, {
    hint: `What lies in ${source.store.location} was sealed otherwise than its manifest says: take a new full backup now.`,
  });
}

async function* counted(pieces: AsyncIterable<Buffer>, tell?: (bytes: number) => void): AsyncGenerator<Buffer> {
  let done = 0;
  for await (const chunk of pieces) {
    done += chunk.length;
    tell?.(done);
    yield chunk;
  }
}

async function* readPieces(
  ctx: RecoveryCtx,
  recovery: Pick<Recovery, "source">,
  part: ManifestPart,
): AsyncGenerator<Buffer> {
  for (const piece of part.pieces) {
    for await (const chunk of await recovery.source.store.get(piece.key, { signal: ctx.signal })) yield chunk as Buffer;
  }
}
