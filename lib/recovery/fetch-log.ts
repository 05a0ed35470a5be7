import { formatBytes } from "@/lib/kernel/format";
import { RefusedError } from "@/lib/kernel/errors";
import type { StepOutcome } from "@/lib/runs";
import type { LogPiece } from "./cover-log";
import { openPiece } from "./open-piece";
import { resolvePoint } from "./resolve-point";
import { type Recovery, type RecoveryCtx, known } from "./recovery";

/**
 * Fetches the log that follows the full, proves each piece by its digest, and finds where the replay must end. Strict:
 * a point that the log does not reach is refused, with the nearest that it does.
 */
export async function fetchLog(ctx: RecoveryCtx, recovery: Recovery): Promise<StepOutcome> {
  const manifest = known(recovery.manifest, "the manifest");
  const pieces = known(recovery.pieces, "the log");
  const files = pieces.length === 0 ? [] : await assemble(ctx, recovery, pieces);
  const resolved = await resolvePoint(recovery.point, {
    base: {
      ...manifest.position,
      startedAt: new Date(manifest.startedAt),
      endedAt: new Date(manifest.endedAt),
    },
    transactions: recovery.engine.readLog(files, manifest.position.offset, ctx.signal),
  });
  if (resolved.kind === "refused") {
    throw new RefusedError(resolved.message, { hint: resolved.hint });
  }
  recovery.restoredTo = resolved.restoredTo;
  recovery.replay = { files, from: manifest.position, end: resolved.end };
  const bytes = pieces.reduce((sum, piece) => sum + piece.end - piece.start, 0);
  return {
    summary: `${pieces.length} pieces, ${formatBytes(bytes)}; the replay ends at ${resolved.restoredTo.gtid ?? "the full itself"}, ${resolved.restoredTo.time ?? "without a heartbeat"}`,
    restoredTo: resolved.restoredTo,
  };
}

async function assemble(ctx: RecoveryCtx, recovery: Recovery, pieces: readonly LogPiece[]): Promise<string[]> {
  const total = pieces.reduce((sum, piece) => sum + piece.end - piece.start, 0);
  let done = 0;
  return recovery.engine.assembleLog(
    recovery.logDirectory,
    pieces.map((piece) => ({
      file: piece.file,
      start: piece.start,
      end: piece.end,
      open: async () => {
        const plain = await openPiece(ctx, recovery, piece);
        done += piece.end - piece.start;
        ctx.run.progress({ done, total, unit: "bytes" });
        return plain;
      },
    })),
    ctx.signal,
  );
}
