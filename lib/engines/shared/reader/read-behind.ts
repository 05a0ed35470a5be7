import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { CancelledError, type EngineError } from "@/lib/kernel/errors";
import { type Measure, streamOf } from "@/lib/engines/shared/measured-stream";
import type { PipedBytes } from "@/lib/engines/shared/piped-bytes";
import { type RunningProgram, startProgram } from "@/lib/engines/shared/process";
import { EXIT_MALFORMED, EXIT_NO_READER, type ReaderEnd, type ReaderMessage } from "./messages";

/** What a program says when the one behind it has gone. */
const BROKEN_PIPE = /errno 32 |broken pipe|SIGPIPE|EPIPE/i;

/** A program that writes, and our own reader behind it, which passes the bytes on. */
export interface ReadOptions<Found, T> {
  engine: string;
  /** "dump the data". */
  operation: string;
  /** Path of the reader's file. */
  reader: string;
  malformed(message: string): EngineError;
  /**
   * Starts what writes, once, with `into` as its output: that is closed here afterwards. `dispose` is called when it
   * has ended, and when it could not be waited for.
   */
  start(into: Writable | null, signal: AbortSignal): Promise<{ done: Promise<unknown>; dispose(): Promise<void> }>;
  onProgress?: ((bytes: number) => void) | undefined;
  /** After both programs ended well: checks the whole. */
  onEnd(found: Found): Promise<T>;
  signal: AbortSignal;
}

interface Ended<T> {
  value: T;
  plain: Measure;
}

interface Running<T> {
  /** Null where the bytes are thrown away. */
  stdout: Readable | null;
  ended: Promise<Ended<T>>;
  abandon(): void;
}

export interface ReadBytes<T> {
  /** For a reader in this process. Ends well only if everything is well. */
  output: Readable;
  /** For a program that reads them; `output` is not read then. */
  piped(): PipedBytes;
  done: Promise<T>;
}

/** Both programs are started when somebody takes the bytes. */
export function openBehind<Found, T>(options: ReadOptions<Found, T>): ReadBytes<T> {
  const done = Promise.withResolvers<T>();
  const measured = Promise.withResolvers<Measure>();
  let running: Running<T> | undefined;
  const start = () => {
    running ??= startBoth(options, { isPassedOn: true });
    running.ended.then(({ value }) => done.resolve(value), done.reject);
    running.ended.then(({ plain }) => measured.resolve(plain), measured.reject);
    return running;
  };
  const close = () => {
    running?.abandon();
    if (running) return;
    const reason = new CancelledError(`stopped before it could ${options.operation}`);
    done.reject(reason);
    measured.reject(reason);
  };
  if (options.signal.aborted) close();
  else options.signal.addEventListener("abort", close, { once: true });
  // Whoever reads the output learns of it there; these may be awaited later.
  done.promise.catch(() => undefined);
  measured.promise.catch(() => undefined);
  return {
    output: streamOf(readToEnd(start), close),
    piped: () => ({
      start: () => {
        const { stdout } = start();
        if (!stdout) throw new Error("a program was started without a pipe");
        return stdout;
      },
      measured: measured.promise,
      abandon: close,
    }),
    done: done.promise,
  };
}

async function* readToEnd<T>(start: () => Running<T>): AsyncGenerator<Buffer> {
  const { stdout, ended } = start();
  // Node throws away what a program that ended has left in its pipe, unless someone listens for it by then.
  stdout?.on("readable", () => undefined);
  try {
    for await (const chunk of stdout ?? []) yield chunk as Buffer;
  } finally {
    await ended;
  }
}

/** The bytes are read and thrown away. */
export async function discardBehind<Found, T>(options: ReadOptions<Found, T>): Promise<T> {
  return (await startBoth(options, { isPassedOn: false }).ended).value;
}

function startBoth<Found, T>(options: ReadOptions<Found, T>, { isPassedOn }: { isPassedOn: boolean }): Running<T> {
  const away = new AbortController();
  const signal = AbortSignal.any([options.signal, away.signal]);
  const reader = startReader({ ...options, signal }, isPassedOn);
  // A program has ended only when its output was read or closed.
  signal.addEventListener("abort", () => reader.child.stdout?.destroy(), { once: true });
  const ended = run({ ...options, signal }, reader).catch((error: unknown) => {
    throw options.signal.aborted ? new CancelledError(`stopped while it had to ${options.operation}`) : error;
  });
  ended.catch(() => undefined); // Whoever reads awaits it at the end; until then it must not end the process.
  return { stdout: reader.child.stdout, ended, abandon: () => away.abort() };
}

function startReader<Found, T>(options: ReadOptions<Found, T>, isPassedOn: boolean): RunningProgram {
  return startProgram({
    engine: options.engine,
    operation: options.operation,
    program: process.execPath,
    args: [options.reader, ...(isPassedOn ? [] : ["--discard"])],
    stdio: ["pipe", isPassedOn ? "pipe" : "ignore", "pipe", "pipe"],
    diesWithUs: true,
    signal: options.signal,
    allowedExitCodes: [0, EXIT_NO_READER],
    hint: "Look at the machine's memory and at the kernel's log.",
    explain: (stderr, exitCode) => (exitCode === EXIT_MALFORMED ? options.malformed(stderr) : undefined),
  });
}

async function run<Found, T>(options: ReadOptions<Found, T>, reader: RunningProgram): Promise<Ended<T>> {
  const { operation, signal } = options;
  const said = listen<Found>(reader, options.onProgress);
  try {
    if (signal.aborted) throw new CancelledError(`stopped while it had to ${operation}`);
    const into = reader.child.stdin;
    // Its output is the reader's input itself.
    const writer = await options.start(into, signal).catch(async (error: unknown) => {
      // Nothing can be started into the input of a reader that has gone: why it has is the cause.
      if (into?.destroyed) await reader.done;
      throw error;
    });
    into?.destroy();
    try {
      await bothEnded({ writer: writer.done, reader, operation });
    } finally {
      await writer.dispose();
    }
    const last = await said;
    if (!last) throw options.malformed("its reader said nothing of it");
    return { value: await options.onEnd(last.found), plain: last.plain };
  } finally {
    reader.child.stdin?.destroy();
    await Promise.allSettled([reader.done, said]);
  }
}

/** @throws the cause, where one program's failure ended the other */
async function bothEnded(programs: {
  writer: Promise<unknown>;
  reader: RunningProgram;
  operation: string;
}): Promise<void> {
  const [written, read] = await Promise.allSettled([programs.writer, programs.reader.done]);
  const writeError = written.status === "rejected" ? (written.reason as Error) : null;
  if (read.status === "fulfilled" && read.value.exitCode === EXIT_NO_READER) {
    throw new CancelledError(`its reader went away while it had to ${programs.operation}`);
  }
  if (writeError && (read.status === "fulfilled" || !BROKEN_PIPE.test(writeError.message))) throw writeError;
  if (read.status === "rejected") throw read.reason;
}

/** Resolves with what the reader said last: null when it did not come to a good end. */
async function listen<Found>(
  reader: RunningProgram,
  onProgress: ((bytes: number) => void) | undefined,
): Promise<ReaderEnd<Found> | null> {
  const [, , , messages] = reader.child.stdio;
  if (!messages) return null;
  let last: ReaderEnd<Found> | null = null;
  for await (const line of createInterface({ input: messages as Readable })) {
    const message = JSON.parse(line) as ReaderMessage<Found>;
    if ("found" in message) last = message;
    onProgress?.("bytes" in message ? message.bytes : message.plain.sizeBytes);
  }
  return last;
}
