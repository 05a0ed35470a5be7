import { createHash } from "node:crypto";
import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { DamagedError } from "@/lib/kernel/errors";
import type { LogPiece } from "./cover-log";
import { type Recovery, type RecoveryCtx, identityFor } from "./recovery";

/** The plain bytes of one stretch of log; the stream fails at its end when they are not the ones that were stored. */
export async function openPiece(ctx: RecoveryCtx, recovery: Recovery, piece: LogPiece): Promise<Readable> {
  const { store } = recovery.source;
  const sealed = await store.get(piece.key, { signal: ctx.signal });
  const opening = ctx.engines.envelope.open(sealed, {
    encrypted: piece.encrypted,
    identityFile: identityFor(recovery, piece),
    signal: ctx.signal,
  });
  const hash = createHash("sha256");
  const output = new PassThrough();
  output.on("error", () => undefined); // Whoever reads it learns of it; one that was fetched ahead may have no reader.
  pipeline(
    opening.output,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
      await opening.done;
      if (hash.digest("hex") !== piece.sha256) throw damaged(piece.key, store.location);
    },
    output,
  ).catch((cause: unknown) => output.destroy(cause instanceof Error ? cause : new Error("stopped")));
  return output;
}

/** The bytes in the store are not the ones that the manifest or the name promises. */
export function damaged(key: string, location: string): DamagedError {
  return new DamagedError(`object "${key}" is damaged: its content does not fit its digest`, {
    hint: `Restore from the other repository, and look at the disks behind ${location}.`,
  });
}
