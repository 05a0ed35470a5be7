import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ManifestPart } from "@/lib/backups";
import type { OpenOptions, Opening, PipedOpening, ProgramPipe } from "@/lib/engines/envelope/port";
import { CancelledError, DamagedError, EngineError } from "@/lib/kernel/errors";
import { damaged } from "./open-piece";
import { type Recovery, type RecoveryCtx, identityFor } from "./recovery";

/** Bytes that a program reads by itself are not measured: the digest of what was stored stands for them. */
type Opened = Awaited<PipedOpening["done"]> & Partial<Awaited<Opening["done"]>>;

type PartSource = Pick<Recovery, "source" | "identityFile">;

/** Hands a part's plain bytes to `consume`, and checks digests and exit codes after the last byte. */
export async function openPart(
  ctx: RecoveryCtx,
  recovery: PartSource,
  { part, consume }: { part: ManifestPart; consume: (plain: Readable) => Promise<void> },
): Promise<void> {
  const opening = ctx.engines.envelope.open(...sealedBytes(ctx, recovery, { part }));
  await settlePart(ctx, recovery, { part, opened: opening.done, consumed: consume(opening.output) });
}

/** The same for a program that reads the plain bytes by itself. `onProgress`: stored bytes that were read. */
export async function pipePart(
  ctx: RecoveryCtx,
  recovery: PartSource,
  options: {
    part: ManifestPart;
    consume: (plain: ProgramPipe) => Promise<void>;
    onProgress?: (sealedBytes: number) => void;
  },
): Promise<void> {
  const { part, consume } = options;
  const opening = ctx.engines.envelope.openPiped?.(...sealedBytes(ctx, recovery, options));
  if (!opening) throw new Error("no program unpacks this envelope");
  await settlePart(ctx, recovery, { part, opened: opening.done, consumed: consume(opening) });
}

function sealedBytes(
  ctx: RecoveryCtx,
  recovery: PartSource,
  { part, onProgress }: { part: ManifestPart; onProgress?: ((sealedBytes: number) => void) | undefined },
): [Readable, OpenOptions] {
  return [
    Readable.from(readPieces(ctx, recovery, { part, onProgress }), { objectMode: false }),
    { encrypted: part.encrypted, identityFile: identityFor(recovery, part), signal: ctx.signal },
  ];
}

/** Waits for both ends. @throws the cause, where the failure of one ended the other; DamagedError */
async function settlePart(
  ctx: RecoveryCtx,
  recovery: PartSource,
  ends: { part: ManifestPart; opened: Promise<Opened>; consumed: Promise<void> },
): Promise<void> {
  const { part } = ends;
  const [consumed, opened] = await Promise.allSettled([ends.consumed, ends.opened]);
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
  const { sealed, plain } = opened.value;
  const isWhole =
    sealed.sha256 === part.sealed.sha256 && (plain?.sizeBytes ?? part.plain.sizeBytes) === part.plain.sizeBytes;
  if (!isWhole) throw damaged(part.pieces[0]?.key ?? part.name, recovery.source.store.location);
}

/** age tells a wrong key and damaged bytes alike: the digests tell them apart. @throws DamagedError */
async function proveBytes(ctx: RecoveryCtx, recovery: PartSource, part: ManifestPart): Promise<void> {
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

async function* readPieces(
  ctx: RecoveryCtx,
  { source }: PartSource,
  { part, onProgress }: { part: ManifestPart; onProgress?: ((sealedBytes: number) => void) | undefined },
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for (const piece of part.pieces) {
    for await (const chunk of await source.store.get(piece.key, { signal: ctx.signal })) {
      yield chunk as Buffer;
      onProgress?.((bytes += (chunk as Buffer).length));
    }
  }
}
