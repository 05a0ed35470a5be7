import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { Manifest, ManifestPart } from "@/lib/backups";
import type { LogPosition } from "@/lib/engines/database/port";
import { formatBytes } from "@/lib/kernel/format";
import { DamagedError } from "@/lib/kernel/errors";
import type { StepOutcome } from "@/lib/runs";
import { describeDifferences, refuseDifferences } from "./describe-differences";
import { openPart } from "./open-part";
import { damaged } from "./open-piece";
import { type Recovery, type RecoveryCtx, known } from "./recovery";

/**
 * Reads every byte of a backup from the repository, decrypts and unpacks it, compares the digests on both sides of the
 * envelope, and looks through a dump: its footer, its position, its tables with rows and digests, its objects.
 * Nothing is kept. @throws DamagedError
 */
export async function readBack(ctx: RecoveryCtx, recovery: Recovery): Promise<StepOutcome> {
  // An increment is nothing without what it continues.
  const parts = known(recovery.chain, "the chain").flatMap((manifest) => manifest.parts);
  const total = parts.reduce((sum, part) => sum + part.plain.sizeBytes, 0);
  const stored = parts.reduce((sum, part) => sum + part.sealed.sizeBytes, 0);
  refuseTooSmall(recovery.verify, stored);
  let done = 0;
  for (const part of parts) {
    const onBytes = (bytes: number) => {
      done += bytes;
      ctx.run.progress({ done, total, unit: "bytes" });
    };
    const consume = (plain: Readable) => lookThrough(ctx, recovery, { part, plain });
    await readWholePart(ctx, recovery, { part, onBytes, consume });
  }
  return {
    summary: `${parts.length} parts, ${formatBytes(total)} unpacked, every digest fits`,
    storedBytes: stored,
    plainBytes: total,
    tables: known(recovery.manifest, "the manifest").tables.length,
  };
}

/** @throws DamagedError for less than the owner declared */
export function refuseTooSmall(verify: { minimumSize?: number | undefined }, stored: number): void {
  if (verify.minimumSize === undefined || stored >= verify.minimumSize) return;
  throw new DamagedError(
    `the backup has ${formatBytes(stored)} where ${formatBytes(verify.minimumSize)} are expected at least`,
    { hint: "Was less dumped than before? `verify.minimumSize` in holdfast.yaml sets the bound." },
  );
}

/** Every byte of a part, with the digests of both sides of the envelope. @throws DamagedError */
export async function readWholePart(
  ctx: RecoveryCtx,
  recovery: Pick<Recovery, "source" | "identityFile">,
  {
    part,
    onBytes,
    consume,
  }: { part: ManifestPart; onBytes: (bytes: number) => void; consume: (plain: Readable) => Promise<void> },
): Promise<void> {
  const hash = createHash("sha256");
  const watch = async function* (plain: Readable): AsyncGenerator<Buffer> {
    for await (const chunk of plain) {
      hash.update(chunk as Buffer);
      onBytes((chunk as Buffer).length);
      yield chunk as Buffer;
    }
  };
  await openPart(ctx, recovery, {
    part,
    consume: (plain) => consume(Readable.from(watch(plain), { objectMode: false })),
  });
  const [first] = part.pieces;
  if (hash.digest("hex") !== part.plain.sha256) throw damaged(first?.key ?? part.name, recovery.source.store.location);
}

/** Reads to the end and keeps nothing. */
export async function passOver(plain: Readable): Promise<void> {
  for await (const chunk of plain) void chunk;
}

async function lookThrough(
  ctx: RecoveryCtx,
  recovery: Recovery,
  { part, plain }: { part: ManifestPart; plain: Readable },
): Promise<void> {
  const manifest = known(recovery.manifest, "the manifest");
  // A server's files tell what they are only once they are put together.
  if (part.name !== "data" || manifest.method === "physical") {
    await passOver(plain);
    return;
  }
  const content = await recovery.engine.measureDump(plain);
  refuseOtherPosition(manifest, content.position);
  refuseDifferences(ctx, describeDifferences(manifest, content), "the dump differs from its manifest");
}

/** A dump that was taken at another place in the log than its manifest says is another backup's. */
function refuseOtherPosition({ position }: Manifest, found: LogPosition | null): void {
  if (!found || (found.file === position.file && found.offset === position.offset && found.gtid === position.gtid))
    return;
  throw new DamagedError(
    `the dump was taken at ${found.offset} of "${found.file}", its manifest says ${position.offset} of "${position.file}"`,
    { hint: "This is another backup under this name: use one of another time, and look who wrote it." },
  );
}
