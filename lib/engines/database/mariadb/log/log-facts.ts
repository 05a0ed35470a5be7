import { Transform, type TransformCallback, type Readable, pipeline } from "node:stream";
import { CancelledError, EngineError, HoldfastError } from "@/lib/kernel/errors";
import type { LogFacts, LogFileFacts, LogTransaction } from "../../port";
import { ENGINE } from "../map-error";
import { EVENT } from "./event-types";
import { LogChain, nextLogFile } from "./log-chain";
import { fileIdOf } from "./read-bodies";
import { EventScanner, type LogEvent } from "./scan-events";
import { TransactionTracker } from "./track-transactions";

const NONE: LogFacts = {
  transactions: 0,
  firstGtid: null,
  lastGtid: null,
  firstAt: null,
  lastAt: null,
  heartbeat: null,
  endsInTransaction: false,
};

export function noFacts(): LogFacts {
  return { ...NONE };
}

/** The facts with one more transaction. */
export function addToFacts(facts: LogFacts, transaction: LogTransaction): LogFacts {
  return {
    transactions: facts.transactions + 1,
    firstGtid: facts.firstGtid ?? transaction.gtid,
    lastGtid: transaction.gtid,
    firstAt: facts.firstAt ?? transaction.at,
    lastAt: transaction.at,
    heartbeat: transaction.heartbeat ?? facts.heartbeat,
    endsInTransaction: false,
  };
}

/** Reads one whole file's bytes as they pass. */
class FileMeter {
  readonly #scanner: EventScanner;
  readonly #tracker: TransactionTracker;
  readonly #chain = new LogChain();
  #facts = noFacts();
  #fileId = "";

  constructor(private readonly file: string) {
    this.#scanner = new EventScanner({ file });
    this.#tracker = new TransactionTracker(file);
    this.#chain.openFile(file);
  }

  push(chunk: Buffer): void {
    this.#scanner.push(chunk, (event) => this.#accept(event));
  }

  finish(): LogFileFacts {
    this.#scanner.finish();
    const endsInTransaction = this.#tracker.isInTransaction;
    const end = this.#chain.closeFile(endsInTransaction);
    const nextFile = end.nextFile ?? (end.hasStop ? nextLogFile(this.file) : null);
    return {
      ...this.#facts,
      endsInTransaction,
      file: this.file,
      fileId: this.#fileId,
      sizeBytes: this.#scanner.boundary,
      nextFile,
    };
  }

  #accept(event: LogEvent): void {
    if (event.type === EVENT.format) this.#fileId = fileIdOf(event);
    const transaction = this.#tracker.accept(event);
    if (transaction) this.#facts = addToFacts(this.#facts, transaction);
    else if (!this.#tracker.isInTransaction) this.#chain.accept(event);
  }
}

function asEngineError(error: Error, file: string): Error {
  if (error instanceof HoldfastError) return error;
  return new EngineError(`the bytes of the log file "${file}" broke off before their end`, {
    engine: ENGINE,
    operation: "measure a log file",
    permanent: false,
    hint: "Look at the error of what gave or took the bytes.",
    cause: error,
  });
}

/** Passes one log file through and says what it holds, as the port says. */
export function measureLog(
  file: string,
  input: Readable,
  signal: AbortSignal,
): { output: Readable; done: Promise<LogFileFacts> } {
  const meter = new FileMeter(file);
  let facts: LogFileFacts | null = null;
  const output = new Transform({
    transform(chunk: Buffer, _encoding, next: TransformCallback) {
      try {
        meter.push(chunk);
        next(null, chunk);
      } catch (error) {
        next(error as Error);
      }
    },
    flush(next: TransformCallback) {
      try {
        facts = meter.finish();
        next();
      } catch (error) {
        next(error as Error);
      }
    },
  });
  const done = new Promise<LogFileFacts>((resolve, reject) => {
    const abort = () => output.destroy(new CancelledError(`stopped while it had to measure "${file}"`));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    pipeline(input, output, (error) => {
      signal.removeEventListener("abort", abort);
      if (error) reject(asEngineError(error, file));
      else if (facts) resolve(facts);
    });
  });
  // A caller awaits `done` only after the output ended: until then a rejection must not end the process.
  done.catch(() => undefined);
  return { output, done };
}
