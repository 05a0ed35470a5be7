import { type Hash, createHash } from "node:crypto";
import {
  type ObjectStore,
  type Part,
  PartStream,
  type StoredObject,
  cutParts,
  shareAmong,
} from "@/lib/engines/object-store/port";
import { CancelledError, EngineError, type ErrorSummary, summarizeError } from "@/lib/kernel/errors";

/** An object ends here, at 200 GB, and another one begins: S3 ends an upload at 10,000 parts. */
const PARTS_A_PIECE = 6_000;
/** Those under way to the slowest store, and the one that is being filled: 128 MB, however many stores there are. */
const PARTS_AT_ONCE = 4;

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
 * @param source bytes; a chunk is read no more once the next is asked for
 * @param keyOf key of the n-th piece, counted from 0
 */
export async function writeEverywhere(
  source: AsyncIterable<Uint8Array>,
  targets: readonly WriteTarget[],
  options: { keyOf: (piece: number) => string; signal: AbortSignal; partBytes?: number; partsAPiece?: number },
): Promise<Written> {
  if (targets.length === 0) throw new Error("there is no repository to write to");
  const { partBytes, partsAPiece = PARTS_A_PIECE } = options;
  const failures = new Map<string, ErrorSummary>();
  const pieces: WrittenPiece[] = [];
  const digests = new PieceDigests();
  let lanes: Lane[] = [];
  let partsInPiece = 0;
  let live = [...targets];
  const open = () => {
    partsInPiece = 0;
    lanes = live.map((target) => new Lane(target, options.keyOf(pieces.length), options.signal));
  };
  const close = async () => {
    const piece = digests.endPiece();
    await closeLanes(lanes, failures, piece.sizeBytes);
    live = live.filter((target) => !failures.has(target.repository));
    pieces.push({ key: options.keyOf(pieces.length), ...piece });
  };
  const onPart = async () => {
    if (partsInPiece === partsAPiece) {
      await close();
      open();
    }
    partsInPiece += 1;
  };
  try {
    open();
    const cut = { atOnce: PARTS_AT_ONCE, partBytes, onPart, see: (bytes: Uint8Array) => digests.add(bytes) };
    for await (const part of cutParts(source, cut)) {
      const shares = shareAmong(part, lanes.length);
      await Promise.all(lanes.map((lane, index) => lane.write(shares[index] as Part)));
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

/** The way of one piece to one repository. */
class Lane {
  readonly repository: string;
  readonly stored: Promise<StoredObject>;
  /** The store reads no more. */
  settled = false;
  readonly #parts = new PartStream();
  readonly #given = new Set<Part>();
  #wake: (() => void) | undefined;

  constructor(target: WriteTarget, key: string, signal: AbortSignal) {
    this.repository = target.repository;
    this.#parts.on("error", () => undefined); // The store's own answer tells it.
    this.stored = target.store.put(key, this.#parts, { signal });
    const settle = () => this.#settle();
    this.stored.then(settle, settle);
  }

  /** Resolves when the store takes more. */
  async write(part: Part): Promise<void> {
    if (this.settled) return part.release();
    this.#given.add(part);
    const isRoom = this.#parts.write({
      ...part,
      release: () => {
        this.#given.delete(part);
        part.release();
      },
    });
    if (isRoom) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#parts.once("drain", resolve);
    });
  }

  end(): void {
    this.#parts.end();
  }

  abort(cause: unknown): void {
    this.#parts.destroy(cause instanceof Error ? cause : new Error("stopped"));
  }

  /** A store that failed reads no more: nobody else would release its parts, or wake who writes to it. */
  #settle(): void {
    this.settled = true;
    for (const part of this.#given) part.release();
    this.#wake?.();
  }
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
