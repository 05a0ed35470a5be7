import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { EXIT_NO_READER, type MeasureMessage } from "./measure-messages";
import { type Measure, streamOf } from "./measured-stream";
import type { PipedBytes } from "./piped-bytes";
import { type RunningProgram, startProgram } from "./process";

const MEASURE_PROGRAM = fileURLToPath(new URL("measure-program.ts", import.meta.url));
/** What a program says when the one behind it has gone. */
const BROKEN_PIPE = /broken pipe|SIGPIPE|EPIPE/i;

export interface MeasuredProgramOptions<T> {
  engine: string;
  /** "pack the files". */
  operation: string;
  /** Starts the program, with `into` as its standard output; `into` is closed here afterwards. */
  begin(into: Writable, signal: AbortSignal): Promise<RunningProgram>;
  /** After a good end of the program and of the bytes. */
  onEnd(ended: { exitCode: number; stderr: string }): Promise<T>;
  onProgress?: ((bytes: number) => void) | undefined;
  signal: AbortSignal;
}

export interface MeasuredBytes<T> {
  /** For a reader in this process. Ends well only if everything is well. */
  output: Readable;
  /** For a program that reads them; `output` is not read then. */
  piped(): PipedBytes;
  done: Promise<T>;
}

interface Running<T> {
  stdout: Readable;
  ended: Promise<{ value: T; plain: Measure }>;
  abandon(): void;
}

/** A program whose bytes are counted and hashed on their way, by a process behind it; started when somebody takes them. */
export function openMeasuredProgram<T>(options: MeasuredProgramOptions<T>): MeasuredBytes<T> {
  const done = Promise.withResolvers<T>();
  const measured = Promise.withResolvers<Measure>();
  let running: Running<T> | undefined;
  const start = () => {
    running ??= startMeasured(options);
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
    piped: () => ({ start: () => start().stdout, measured: measured.promise, abandon: close }),
    done: done.promise,
  };
}

async function* readToEnd<T>(start: () => Running<T>): AsyncGenerator<Buffer> {
  const { stdout, ended } = start();
  // Node throws away what a program that ended has left in its pipe, unless someone listens for it by then.
  stdout.on("readable", () => undefined);
  try {
    for await (const chunk of stdout) yield chunk as Buffer;
  } finally {
    await ended;
  }
}

function startMeasured<T>(options: MeasuredProgramOptions<T>): Running<T> {
  const reader = new AbortController();
  const signal = AbortSignal.any([options.signal, reader.signal]);
  const measuring = startProgram({
    engine: options.engine,
    operation: options.operation,
    program: process.execPath,
    args: [MEASURE_PROGRAM],
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    diesWithUs: true,
    signal,
    allowedExitCodes: [0, EXIT_NO_READER],
    hint: "Look at the machine's memory and at the kernel's log.",
  });
  const { stdout } = measuring.child;
  if (!stdout) throw new Error("a program was started without a pipe");
  // A program has ended only when its output was read or closed.
  signal.addEventListener("abort", () => stdout.destroy(), { once: true });
  const ended = run({ ...options, signal }, measuring).catch((error: unknown) => {
    // Nothing is left waiting for bytes that no one writes.
    measuring.child.kill("SIGTERM");
    throw options.signal.aborted ? new CancelledError(`stopped while it had to ${options.operation}`) : error;
  });
  ended.catch(() => undefined); // Whoever reads awaits it at the end; until then it must not end the process.
  return { stdout, ended, abandon: () => reader.abort() };
}

async function run<T>(
  options: MeasuredProgramOptions<T>,
  measuring: RunningProgram,
): Promise<{ value: T; plain: Measure }> {
  const said = listen(measuring, options.onProgress);
  const into = measuring.child.stdin;
  try {
    if (!into) throw new Error("a program was started without a pipe");
    const program = await options.begin(into, options.signal);
    into.destroy();
    const ended = await bothEnded(program, measuring, options.operation);
    const plain = await said;
    if (!plain) throw noMeasure(options);
    return { value: await options.onEnd(ended), plain };
  } finally {
    into?.destroy();
    await Promise.allSettled([measuring.done, said]);
  }
}

/** @throws the cause, where one program's failure ended the other */
async function bothEnded(program: RunningProgram, measuring: RunningProgram, operation: string) {
  const [written, measured] = await Promise.allSettled([program.done, measuring.done]);
  const error = written.status === "rejected" ? (written.reason as Error) : null;
  if (measured.status === "fulfilled" && measured.value.exitCode === EXIT_NO_READER) {
    throw new CancelledError(`its reader went away while it had to ${operation}`);
  }
  if (error && (measured.status === "fulfilled" || !BROKEN_PIPE.test(error.message))) throw error;
  if (measured.status === "rejected") throw measured.reason;
  if (written.status === "rejected") throw written.reason;
  return written.value;
}

function noMeasure({ engine, operation }: { engine: string; operation: string }): EngineError {
  return new EngineError(`what had to ${operation} ended without saying what it wrote`, {
    engine,
    operation,
    permanent: false,
    hint: "Look at the machine's memory and at the kernel's log.",
  });
}

/** Resolves with what went by: null when it did not come to its end. */
async function listen(
  measuring: RunningProgram,
  onProgress: ((bytes: number) => void) | undefined,
): Promise<Measure | null> {
  const [, , , messages] = measuring.child.stdio;
  if (!messages) return null;
  let plain: Measure | null = null;
  for await (const line of createInterface({ input: messages as Readable })) {
    const message = JSON.parse(line) as MeasureMessage;
    if ("plain" in message) plain = message.plain;
    onProgress?.("plain" in message ? message.plain.sizeBytes : message.bytes);
  }
  return plain;
}
