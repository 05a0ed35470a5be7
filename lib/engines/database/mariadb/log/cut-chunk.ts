import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { LogChunk, LogFacts, LogOffset } from "../../port";
import { logDamage } from "./damage";
import { addToFacts, noFacts } from "./log-facts";
import { EventScanner, type LogEvent } from "./scan-events";
import { type SpoolPiece, copyOffset, readHead } from "./spool-piece";
import { TransactionTracker } from "./track-transactions";

export interface CutOptions {
  piece: SpoolPiece;
  at: LogOffset;
  bytesMax: number;
  /** As it was at `at`, where a transaction was cut there; not changed. */
  tracker: TransactionTracker | null;
}

export type Cut = LogFacts & {
  end: number;
  /** Set where the cut lies inside a transaction. */
  tracker: TransactionTracker | null;
};

/** Finds where a chunk ends and what it holds: at the last end of a transaction that fits, or inside one that is larger. Null while no transaction is complete. */
export async function cutChunk(options: CutOptions): Promise<Cut | null> {
  const { at } = options;
  // As it is now: the collector goes on meanwhile.
  const piece = { ...options.piece };
  const cutter = new Cutter({ ...options, piece });
  const head = await readHead(piece.path);
  if (head === null) return null;
  const scanner = new EventScanner({ file: piece.file, resumedAt: at.offset });
  const start = at.offset === 0 ? 0 : copyOffset(piece, at.offset);
  if (at.offset > 0) scanner.push(head, () => undefined);
  const end = copyOffset(piece, piece.end);
  if (end <= start) return null;
  for await (const chunk of readCopy(piece, start, end)) {
    scanner.push(chunk as Buffer, (event) => cutter.accept(event));
    if (cutter.isDone) break;
  }
  return cutter.result();
}

/** Bytes of a copy, from and to offsets in the copy itself. */
export function readCopy(piece: SpoolPiece, start: number, end: number): Readable {
  return createReadStream(piece.path, { start, end: end - 1, highWaterMark: 2 ** 20 });
}

/** The same from a file that is open: what is forgotten then can still be read to its end. Null when it is gone. */
export async function openCopy(piece: SpoolPiece, start: number, end: number): Promise<Readable | null> {
  try {
    const copy = await open(piece.path);
    return copy.createReadStream({ start, end: end - 1, highWaterMark: 2 ** 20 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

class Cutter {
  isDone = false;
  readonly #tracker: TransactionTracker;
  #facts = noFacts();
  #end: number | null = null;
  /** As of the last place between transactions. */
  #wholeFacts = noFacts();
  #wholeEnd: number | null = null;

  constructor(private readonly options: CutOptions) {
    const { tracker, at } = options;
    this.#tracker = tracker?.fork() ?? new TransactionTracker(at.file, { beginsAnywhere: at.offset > 0 });
  }

  accept(event: LogEvent): void {
    // One event larger than the limit is a chunk of its own.
    const isTooMuch = event.end - this.options.at.offset > this.options.bytesMax && this.#end !== null;
    if (isTooMuch) this.isDone = true;
    if (this.isDone) return;
    const transaction = this.#tracker.accept(event);
    if (transaction) this.#facts = addToFacts(this.#facts, transaction);
    this.#end = event.end;
    if (this.#tracker.isInTransaction) return;
    this.#wholeFacts = this.#facts;
    this.#wholeEnd = event.end;
  }

  result(): Cut | null {
    const { piece, at, bytesMax } = this.options;
    if (this.#end === null) return null;
    const isTail = !piece.isLive && !this.isDone;
    if (isTail && this.#end !== piece.end) {
      throw logDamage(`the spool's copy of the log file "${piece.file}" is not what it was`);
    }
    if (this.#wholeEnd !== null) return { ...this.#wholeFacts, end: this.#wholeEnd, tracker: null };
    // A transaction that is still arriving is of no use yet, unless it fills a chunk or goes on in another copy.
    const isLarge = this.isDone || this.#end - at.offset >= bytesMax;
    return isTail || isLarge ? this.#current(this.#end) : null;
  }

  #current(end: number): Cut {
    const endsInTransaction = this.#tracker.isInTransaction;
    return { ...this.#facts, endsInTransaction, end, tracker: endsInTransaction ? this.#tracker : null };
  }
}

/** The chunk as its consumers see it. */
export function chunkOf(at: LogOffset, cut: Cut, place: { fileId: string; nextFile: string | null }): LogChunk {
  const { transactions, firstGtid, lastGtid, firstAt, lastAt, heartbeat, endsInTransaction, end } = cut;
  const facts = { transactions, firstGtid, lastGtid, firstAt, lastAt, heartbeat, endsInTransaction };
  return { ...facts, file: at.file, start: at.offset, end, ...place };
}
