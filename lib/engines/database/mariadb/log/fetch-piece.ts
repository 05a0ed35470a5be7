import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Connection, LogOffset } from "../../port";
import { LogClientError, startLogClient } from "./log-client";
import { type SpoolPiece, newPiece, readHead } from "./spool-piece";
import { scanPiece } from "./tail-piece";

const POLL_MS = 20;

export interface FetchOptions {
  connection: Connection;
  directory: string;
  from: LogOffset;
  /** Enough: the rest of the file is not fetched. */
  bytesMax: number;
  /** Of the file, where it is known. */
  fileId: string | undefined;
  signal: AbortSignal;
}

export interface Fetched {
  piece: SpoolPiece | null;
  fileId: string | null;
  /** The file came to its end, as far as the server had written it. */
  isWhole: boolean;
}

/** Fetches one file's bytes from an offset on, once, beside the connection that follows the log. */
export async function fetchPiece(options: FetchOptions): Promise<Fetched> {
  const { connection, directory, from, signal } = options;
  const enough = new AbortController();
  const running = await startLogClient({
    connection,
    directory,
    from,
    replicaId: null,
    signal: AbortSignal.any([signal, enough.signal]),
  });
  const path = join(directory, from.file);
  const watching = new AbortController();
  const watch = endWhenEnough({ path, bytesMax: options.bytesMax, enough }, watching.signal);
  try {
    await running.done;
  } catch (error) {
    // What a killed server left cut is whole as far as it goes.
    const isTorn = error instanceof LogClientError && error.failure === "torn";
    if (!enough.signal.aborted && !isTorn) throw error;
  } finally {
    watching.abort();
    await watch;
  }
  const isWhole = !enough.signal.aborted;
  const head = await readHead(path).catch(() => null);
  if (head === null) return { piece: null, fileId: null, isWhole };
  const piece = { ...newPiece(path, from.offset, head.length), isLive: false };
  const scan = await scanPiece(piece, options.fileId, signal);
  const isSome = scan !== null && scan.end > piece.start;
  return { piece: isSome ? { ...piece, end: scan.end } : null, fileId: scan?.fileId ?? null, isWhole };
}

async function endWhenEnough(
  file: { path: string; bytesMax: number; enough: AbortController },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && !file.enough.signal.aborted) {
    const size = await stat(file.path).then(
      (facts) => facts.size,
      () => 0, // not made yet
    );
    if (size >= file.bytesMax) file.enough.abort();
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
