import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import type { LogTransaction } from "../../port";
import { ENGINE } from "../map-error";
import { logDamage } from "./damage";
import { EVENT } from "./event-types";
import { LogChain } from "./log-chain";
import { EventScanner, type LogEvent } from "./scan-events";
import { TransactionTracker, type TrackedTransaction } from "./track-transactions";

const READ_BYTES = 2 ** 20;

/** A file's bytes in pieces, in errors of the engine. */
export async function* readBytes(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stream = createReadStream(path, { highWaterMark: READ_BYTES, signal });
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    if (signal.aborted) throw new CancelledError(`stopped while it had to read "${basename(path)}"`);
    if (error instanceof EngineError) throw error;
    throw new EngineError(`the log file "${basename(path)}" cannot be read`, {
      engine: ENGINE,
      operation: "read the log",
      permanent: false,
      hint: "Is the file there, and may the runner's user read it?",
      cause: error,
    });
  }
}

export interface ReadOptions {
  signal: AbortSignal;
  /** Told before the first transaction from `fromOffset` on: everything before was read. */
  onStart?: (chain: LogChain) => void;
}

/** Transactions of whole files, each batch those that ended in one piece of input. */
export async function* readBatches(
  files: readonly string[],
  fromOffset: number,
  options: ReadOptions,
): AsyncGenerator<TrackedTransaction[]> {
  const chain = new LogChain();
  for (const [index, path] of files.entries()) {
    const from = index === 0 ? fromOffset : 0;
    const isLast = index === files.length - 1;
    const onStart = index === 0 ? options.onStart : undefined;
    yield* readFileBatches({ path, from, isLast, chain, onStart }, options.signal);
  }
}

interface OneFile {
  path: string;
  from: number;
  isLast: boolean;
  chain: LogChain;
  onStart: ((chain: LogChain) => void) | undefined;
}

async function* readFileBatches(one: OneFile, signal: AbortSignal): AsyncGenerator<TrackedTransaction[]> {
  const file = basename(one.path);
  const scanner = new EventScanner({ file });
  const reader = new FileReader(file, one);
  one.chain.openFile(file);
  for await (const chunk of readBytes(one.path, signal)) {
    reader.batch = [];
    let failure: unknown = null;
    try {
      scanner.push(chunk, (event) => reader.accept(event));
    } catch (error) {
      failure = error;
    }
    // What came before the damage is given first: a point before it can still be reached.
    if (reader.batch.length > 0) yield reader.batch;
    if (failure !== null) throw failure as EngineError;
  }
  finishFile(scanner, reader, one);
}

function finishFile(scanner: EventScanner, reader: FileReader, one: OneFile): void {
  const file = basename(one.path);
  let isCut = false;
  try {
    scanner.finish();
  } catch (error) {
    // A killed server leaves this; the next file's first event tells whether it was one.
    if (one.isLast) throw error;
    isCut = true;
  }
  if (one.isLast && scanner.boundary < one.from) {
    throw logDamage(`the log file "${file}" ends at offset ${scanner.boundary}, before the start at ${one.from}`);
  }
  reader.finish(scanner.boundary);
  const end = one.chain.closeFile(isCut || reader.isInTransaction);
  if (end.isTorn && (end.nextFile !== null || end.hasStop)) {
    throw logDamage(`the log file "${file}" was closed inside a transaction`);
  }
}

/** The transactions of one file from an offset on. */
class FileReader {
  batch: TrackedTransaction[] = [];
  readonly #tracker: TransactionTracker;
  #isChecked = false;
  #isStarted = false;

  constructor(
    private readonly file: string,
    private readonly one: OneFile,
  ) {
    this.#tracker = new TransactionTracker(file);
  }

  get isInTransaction(): boolean {
    return this.#tracker.isInTransaction;
  }

  accept(event: LogEvent): void {
    const isBefore = event.offset < this.one.from;
    if (!isBefore) this.#checkStart(event.offset);
    if (!this.#isStarted && !isBefore && event.type === EVENT.gtid) this.#start();
    const transaction = this.#tracker.accept(event);
    if (event.type === EVENT.incident && this.#isChecked) throw lostEvents(this.file, event.offset);
    if (transaction === null) {
      if (!this.#tracker.isInTransaction) this.one.chain.accept(event);
      return;
    }
    this.one.chain.acceptTransaction(transaction);
    if (this.#isStarted) this.batch.push(transaction);
  }

  finish(boundary: number): void {
    this.#checkStart(boundary);
    if (!this.#isStarted) this.#start();
  }

  /** At the first boundary that is not before the wanted offset. */
  #checkStart(offset: number): void {
    if (this.#isChecked) return;
    const { from } = this.one;
    // 0 is the file itself; its first event begins after four bytes.
    const isBoundary = from <= 4 || offset === from;
    if (!isBoundary || this.#tracker.isInTransaction) {
      throw logDamage(
        `offset ${from} of the log file "${this.file}" does not lie between two transactions`,
        "Was the backup's position taken from another server's log?",
      );
    }
    this.#isChecked = true;
  }

  #start(): void {
    this.#isStarted = true;
    this.one.onStart?.(this.one.chain);
  }
}

function lostEvents(file: string, offset: number): EngineError {
  return logDamage(
    `the server itself recorded at offset ${offset} of the log file "${file}" that it lost events`,
    "Nothing after it can be replayed: take a full backup now, and look for the cause in the server's error log.",
  );
}

/** Whole transactions of plain log files in commit order, as the port says. */
export async function* readLog(
  files: readonly string[],
  fromOffset: number,
  signal: AbortSignal,
): AsyncGenerator<LogTransaction> {
  for await (const batch of readBatches(files, fromOffset, { signal })) yield* batch;
}
