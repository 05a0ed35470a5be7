import type { Readable } from "node:stream";
import { formatBytes } from "@/lib/kernel/format";
import { EngineError, RefusedError } from "@/lib/kernel/errors";
import type { StepOutcome } from "@/lib/runs";
import type { LogPiece } from "./cover-log";
import { findLog } from "./find-log";
import { openPiece } from "./open-piece";
import { resolvePoint } from "./resolve-point";
import { type Recovery, type RecoveryCtx, known } from "./recovery";

/**
 * Fetches the log that follows the full, proves each piece by its digest, and finds where the replay must end. Strict:
 * a point that the log does not reach is refused, with the nearest that it does.
 */
export async function fetchLog(ctx: RecoveryCtx, recovery: Recovery): Promise<StepOutcome> {
  const manifest = known(recovery.manifest, "the manifest");
  const files = await assembleNewest(ctx, recovery);
  const pieces = known(recovery.pieces, "the log");
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
  return {
    summary: `${pieces.length} pieces, ${formatBytes(bytesOf(pieces))}; the replay ends at ${resolved.restoredTo.gtid ?? "the full itself"}, ${resolved.restoredTo.time ?? "without a heartbeat"}`,
    restoredTo: resolved.restoredTo,
  };
}

/** A log that is closed meanwhile is compacted, and its segments go: what is there then is fetched from that file on. */
async function assembleNewest(ctx: RecoveryCtx, recovery: Recovery): Promise<string[]> {
  // An attempt whose runner died may have left a part of it.
  await recovery.engine.removeLog(recovery.logDirectory);
  const paths = new Map<string, string>();
  for (;;) {
    const pieces = known(recovery.pieces, "the log");
    try {
      await assemble(ctx, recovery, { pieces, paths });
      return [...paths.values()];
    } catch (error) {
      if (!(error instanceof EngineError) || ctx.signal.aborted) throw error;
      const found = await findLog(ctx, recovery, known(recovery.manifest, "the manifest"));
      if (!isCompacted(pieces, found)) throw error;
      ctx.run.say("a part of the log was compacted meanwhile: it is fetched again from that file on");
      recovery.pieces = found;
    }
  }
}

/** More of it is closed than before: that happens once for each file. */
function isCompacted(before: readonly LogPiece[], now: readonly LogPiece[]): boolean {
  const closed = (pieces: readonly LogPiece[]) => pieces.filter((piece) => piece.closed).length;
  return closed(now) > closed(before);
}

const bytesOf = (pieces: readonly LogPiece[]) => pieces.reduce((sum, piece) => sum + piece.end - piece.start, 0);

/** Puts the log together, file by file. `paths`: of the files that are whole, in order; what is in it already is not fetched. */
async function assemble(
  ctx: RecoveryCtx,
  recovery: Recovery,
  { pieces, paths }: { pieces: readonly LogPiece[]; paths: Map<string, string> },
): Promise<void> {
  const missing = pieces.filter(({ file }) => !paths.has(file));
  const total = bytesOf(pieces);
  let done = total - bytesOf(missing);
  const own = new AbortController();
  const signal = AbortSignal.any([ctx.signal, own.signal]);
  const openNext = openAhead(missing, (piece) => openPiece({ ...ctx, signal }, recovery, piece));
  const toPart = (piece: LogPiece) => ({
    file: piece.file,
    start: piece.start,
    end: piece.end,
    open: async () => {
      const plain = await openNext();
      done += piece.end - piece.start;
      ctx.run.progress({ done, total, unit: "bytes" });
      return plain;
    },
  });
  try {
    for (const [file, parts] of Map.groupBy(missing, (piece) => piece.file)) {
      const [path] = await recovery.engine.assembleLog(recovery.logDirectory, parts.map(toPart), ctx.signal);
      if (path !== undefined) paths.set(file, path);
    }
  } finally {
    own.abort(); // What was opened ahead of a failure.
  }
}

/** Each piece is a request and two programs: that many are under way while one is written. */
const AHEAD = 6;

/** Opens pieces before their turn, which comes in order. What is not read yet waits in its programs: memory stays flat. */
function openAhead(pieces: readonly LogPiece[], open: (piece: LogPiece) => Promise<Readable>): () => Promise<Readable> {
  const rest = pieces.values();
  const underWay: Promise<Readable>[] = [];
  const startNext = () => {
    const { value: piece } = rest.next();
    if (!piece) return;
    const opening = open(piece);
    opening.catch(() => undefined); // Told when its turn comes.
    underWay.push(opening);
  };
  for (let count = 0; count < AHEAD; count += 1) startNext();
  return () => {
    startNext();
    const first = underWay.shift();
    return first ?? Promise.reject(new Error("there are no more pieces"));
  };
}
