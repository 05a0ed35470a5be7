import type { Readable } from "node:stream";
import { DamagedError } from "@/lib/kernel/errors";
import { formatBytes } from "@/lib/kernel/format";
import type { StepOutcome } from "@/lib/runs";
import type { TreeManifest, TreeRecovery } from "./tree-recovery";
import { passOver, readWholePart, refuseTooSmall } from "./read-back";
import { type RecoveryCtx, known } from "./recovery";

/**
 * Reads every byte of files or code, of all that they continue and of the logs behind them, from the repository,
 * decrypts and unpacks it, and compares the digests on both sides of the envelope. Nothing is kept. @throws DamagedError
 */
export async function readTreeBack(
  ctx: RecoveryCtx,
  recovery: TreeRecovery,
  verify: { minimumSize?: number | undefined },
): Promise<StepOutcome> {
  const chain = known(recovery.chain, "the chain");
  const logs = recovery.logs ?? [];
  const parts = [...chain, ...logs].flatMap((manifest) => manifest.parts);
  const total = parts.reduce((sum, part) => sum + part.plain.sizeBytes, 0);
  const stored = chain.flatMap((manifest) => manifest.parts).reduce((sum, part) => sum + part.sealed.sizeBytes, 0);
  refuseTooSmall(verify, stored);
  let done = 0;
  for (const part of parts) {
    const onBytes = (bytes: number) => {
      done += bytes;
      ctx.run.progress({ done, total, unit: "bytes" });
    };
    const consume = part.name === "bundle" ? (plain: Readable) => verifyRefs(ctx, chain, plain) : passOver;
    await readWholePart(ctx, recovery, { part, onBytes, consume });
  }
  return {
    summary: `${parts.length} parts, ${formatBytes(total)} unpacked, every digest fits`,
    storedBytes: stored,
    plainBytes: total,
    logs: logs.length,
  };
}

/** A bundle that stands for itself, with the very refs that its manifest tells. */
async function verifyRefs(ctx: RecoveryCtx, [manifest]: readonly TreeManifest[], bundle: Readable): Promise<void> {
  const found = await ctx.engines.code.verify(bundle, ctx.signal);
  if (manifest?.kind !== "git") return;
  const told = new Set(found.map(({ name, objectId }) => `${objectId} ${name}`));
  const lacking = manifest.refs.find(({ name, objectId }) => !told.has(`${objectId} ${name}`));
  if (!lacking) return;
  throw new DamagedError(`the bundle lacks ref "${lacking.name}" at ${lacking.objectId}`, {
    hint: "Restore from the other repository, or an older backup.",
  });
}
