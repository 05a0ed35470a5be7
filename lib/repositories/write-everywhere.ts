import { type Hash, createHash } from "node:crypto";
import { PassThrough, type Readable } from "node:stream";
import type { ObjectStore, StoredObject } from "@/lib/engines/object-store/port";
import { CancelledError, EngineError, type ErrorSummary, summarizeError } from "@/lib/kernel/errors";

/** A piece of a part ends here: S3 ends an upload at 10,000 parts of 32 MB. */
const PIECE_BYTES_MAX = 200e9;

export interface WriteTarget {
  repository: string;
  store: ObjectStore;
}

export interface WrittenPiece {
  key: string;
  sizeBytes: number;
  sha256: string;
}

export interface Written {
  pieces: WrittenPiece[];
  /** All of them together. */
  whole: { sizeBytes: number; sha256: string };
  /** Repositories that do not have the whole of it, and why. */
  failures: Map<string, ErrorSummary>;
}

/**
 * Writes one stream to every repository in one pass, at the pace of the slowest. A repository that fails drops out
 * and the others go on; the last one's failure is thrown. When the source fails, no repository keeps the piece.
 * @param keyOf key of the n-th piece, counted from 0
 */
export async function writeEverywhere(
  source: Readable,
  targets: readonly WriteTarget[],
  options: { keyOf: (piece: number) => string; signal: AbortSignal; pieceBytesMax?: number },
): Promise<Written> {
  if (targets.length === 0) throw new Error("there is no repository to write to");
  const failures = new Map<string, ErrorSummary>();
  const pieces: WrittenPiece[] = [];
  const digests = new PieceDigests();
  let lanes: Lane[] = [];
  let piece = 0;
  let live = [...targets];
  const open = () => {
    lanes = live.map((target) => openLane(target, options.keyOf(piece), options.signal));
  };
  const close = async () => {
    await closeLanes(lanes, failures, digests.inPiece);
    live = live.filter((target) => !failures.has(target.repository));
    pieces.push({ key: options.keyOf(piece), ...digests.endPiece() });
    piece += 1;
  };
  try {
    open();
    for await (const chunk of source) {
      if (digests.inPiece >= (options.pieceBytesMax ?? PIECE_BYTES_MAX)) {
        await close();
        open();
      }
      digests.add(chunk as Buffer);
      await Promise.all(lanes.map((lane) => lane.write(chunk as Buffer)));
      if (lanes.every((lane) => lane.settled)) await closeLanes(lanes, failures, digests.inPiece);
    }
    await close();
    return { pieces, failures, whole: digests.end() };
  } catch (error) {
    for (const lane of lanes) lane.abort(error);
    await Promise.allSettled(lanes.map((lane) => lane.stored));
    if (options.signal.aborted) throw new CancelledError("stopped while a backup was being stored");
    throw error;
  }
}

/** Digests of the whole and of each piece: the bytes of the first, mostly the only one, are hashed once for both. */
class PieceDigests {
  inPiece = 0;
  #sizeBytes = 0;
  readonly #whole = createHash("sha256");
  /** From the second piece on. */
  #piece: Hash | null = null;

  add(chunk: Uint8Array): void {
    this.#whole.update(chunk);
    this.#piece?.update(chunk);
    this.inPiece += chunk.length;
    this.#sizeBytes += chunk.length;
  }

  endPiece(): { sizeBytes: number; sha256: string } {
    const ended = { sizeBytes: this.inPiece, sha256: (this.#piece ?? this.#whole.copy()).digest("hex") };
    this.#piece = createHash("sha256");
    this.inPiece = 0;
    return ended;
  }

  end(): { sizeBytes: number; sha256: string } {
    return { sizeBytes: this.#sizeBytes, sha256: this.#whole.digest("hex") };
  }
}

interface Lane {
  repository: string;
  /** The store reads no more. */
  settled: boolean;
  stored: Promise<StoredObject>;
  write(chunk: Buffer): Promise<void>;
  end(): void;
  abort(cause: unknown): void;
}

function openLane(target: WriteTarget, key: string, signal: AbortSignal): Lane {
  const pipe = new PassThrough({ highWaterMark: 4 * 2 ** 20 });
  pipe.on("error", () => undefined); // The store's own answer tells it.
  let wake: (() => void) | undefined;
  const lane: Lane = {
    repository: target.repository,
    settled: false,
    stored: target.store.put(key, pipe, { signal }),
    write: async (chunk) => {
      if (lane.settled || pipe.write(chunk)) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
        pipe.once("drain", resolve);
      });
    },
    end: () => pipe.end(),
    abort: (cause) => pipe.destroy(cause instanceof Error ? cause : new Error("stopped")),
  };
  const settle = () => {
    lane.settled = true;
    wake?.(); // A store that failed no longer reads: nobody else would wake the writer.
  };
  lane.stored.then(settle, settle);
  return lane;
}

/** Ends the piece in every lane. @throws the first failure when no lane has it */
async function closeLanes(
  lanes: readonly Lane[],
  failures: Map<string, ErrorSummary>,
  sentBytes: number,
): Promise<void> {
  for (const lane of lanes) lane.end();
  const settled = await Promise.allSettled(lanes.map((lane) => lane.stored.then((each) => wholeOf(each, sentBytes))));
  let stored = 0;
  settled.forEach((outcome, index) => {
    const repository = lanes[index]?.repository ?? "";
    if (outcome.status === "fulfilled") stored += 1;
    else failures.set(repository, summarizeError(outcome.reason));
  });
  if (stored === 0) throw settled.find((outcome) => outcome.status === "rejected")?.reason;
}

function wholeOf(stored: StoredObject, sentBytes: number): StoredObject {
  if (stored.sizeBytes === sentBytes) return stored;
  throw wrongBytes(`only ${stored.sizeBytes} of ${sentBytes} bytes were stored`);
}

function wrongBytes(message: string): EngineError {
  return new EngineError(message, {
    engine: "object-store",
    operation: "store",
    permanent: false,
    hint: "Check the memory of the runner's machine; the backup was not published.",
  });
}
