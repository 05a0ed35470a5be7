import { formatBytes } from "@/lib/kernel/format";
import type { StepOutcome } from "@/lib/runs";
import { openPart } from "./open-part";
import { type Recovery, type RecoveryCtx, known } from "./recovery";

/** Reads every byte of a backup from the repository, decrypts and unpacks it, and compares the digests. Nothing is kept. */
export async function readBack(ctx: RecoveryCtx, recovery: Recovery): Promise<StepOutcome> {
  // An increment is nothing without what it continues.
  const parts = known(recovery.chain, "the chain").flatMap((manifest) => manifest.parts);
  const total = parts.reduce((sum, part) => sum + part.plain.sizeBytes, 0);
  let done = 0;
  for (const part of parts) {
    await openPart(ctx, recovery, {
      part,
      consume: async (plain) => {
        for await (const chunk of plain) {
          done += (chunk as Buffer).length;
          ctx.run.progress({ done, total, unit: "bytes" });
        }
      },
    });
  }
  return { summary: `${parts.length} parts, ${formatBytes(total)} unpacked, every digest fits`, bytes: total };
}
