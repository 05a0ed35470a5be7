import type { Readable } from "node:stream";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { CancelledError } from "@/lib/kernel/errors";
import { type Measure, streamOf } from "@/lib/engines/shared/measured-stream";
import type { PipedBytes } from "@/lib/engines/shared/piped-bytes";
import { type RunningProgram, startProgram } from "@/lib/engines/shared/process";
import type { Connection } from "../../port";
import { describePlace } from "../connect";
import { writeDefaultsFile } from "../defaults-file";
import { ENGINE } from "../map-error";
import { explainDumpError, malformedDump } from "./explain-dump";
import type { ScannedDump } from "./scan-dump";
import { EXIT_MALFORMED, EXIT_NO_READER, type ScanEnd, type ScanMessage } from "./scan-messages";

const SCAN_PROGRAM = fileURLToPath(new URL("scan-program.ts", import.meta.url));
/** What a dump says when the program behind it has gone. */
const BROKEN_PIPE = /errno 32 |broken pipe|SIGPIPE/i;

export interface ScannedDumpOptions<T> {
  connection: Connection;
  /** "dump the data". */
  operation: string;
  /** Asked once, before the dump starts. */
  args(): Promise<string[]>;
  onProgress?: ((bytes: number) => void) | undefined;
  /** After both programs ended well: checks the whole. */
  onEnd(scanned: ScannedDump): Promise<T>;
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

export interface ScannedDumpBytes<T> {
  /** For a reader in this process. Ends well only if everything is well. */
  output: Readable;
  /** For a program that reads them; `output` is not read then. */
  piped(): PipedBytes;
  done: Promise<T>;
}

/** mariadb-dump with its reader behind it, started when somebody takes the bytes. */
export function openScannedDump<T>(options: ScannedDumpOptions<T>): ScannedDumpBytes<T> {
  const done = Promise.withResolvers<T>();
  const measured = Promise.withResolvers<Measure>();
  let running: Running<T> | undefined;
  const start = () => {
    running ??= startScannedDump(options, { isPassedOn: true });
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

/** What a dump holds, from one that is read and thrown away. */
export async function readScannedDump<T>(options: ScannedDumpOptions<T>): Promise<T> {
  return (await startScannedDump(options, { isPassedOn: false }).ended).value;
}

function startScannedDump<T>(options: ScannedDumpOptions<T>, { isPassedOn }: { isPassedOn: boolean }): Running<T> {
  const reader = new AbortController();
  const signal = AbortSignal.any([options.signal, reader.signal]);
  const scan = startScan({ ...options, signal }, isPassedOn);
  // A program has ended only when its output was read or closed.
  signal.addEventListener("abort", () => scan.child.stdout?.destroy(), { once: true });
  const ended = run({ ...options, signal }, scan).catch((error: unknown) => {
    throw options.signal.aborted ? new CancelledError(`stopped while it had to ${options.operation}`) : error;
  });
  ended.catch(() => undefined); // Whoever reads awaits it at the end; until then it must not end the process.
  return { stdout: scan.child.stdout, ended, abandon: () => reader.abort() };
}

function startScan<T>(options: ScannedDumpOptions<T>, isPassedOn: boolean): RunningProgram {
  return startProgram({
    engine: ENGINE,
    operation: options.operation,
    program: process.execPath,
    args: [SCAN_PROGRAM, ...(isPassedOn ? [] : ["--discard"])],
    stdio: ["pipe", isPassedOn ? "pipe" : "ignore", "pipe", "pipe"],
    diesWithUs: true,
    signal: options.signal,
    allowedExitCodes: [0, EXIT_NO_READER],
    hint: "Look at the machine's memory and at the kernel's log.",
    explain: (stderr, exitCode) => (exitCode === EXIT_MALFORMED ? malformedDump(stderr, options.operation) : undefined),
  });
}

async function run<T>(options: ScannedDumpOptions<T>, scan: RunningProgram): Promise<Ended<T>> {
  const said = listen(scan, options.onProgress);
  try {
    if (options.signal.aborted) throw new CancelledError(`stopped while it had to ${options.operation}`);
    const args = await options.args();
    const defaults = await writeDefaultsFile(options.connection);
    try {
      const dump = startDump(options, [defaults.argument, ...args], scan);
      await bothEnded({ dump, scan, operation: options.operation });
    } finally {
      await defaults.remove();
    }
    const last = await said;
    if (!last) throw malformedDump("its reader said nothing of it", options.operation);
    return { value: await options.onEnd(last.scanned), plain: last.plain };
  } finally {
    scan.child.stdin?.destroy();
    await Promise.allSettled([scan.done, said]);
  }
}

/** Its output is the reader's input itself. */
function startDump<T>(options: ScannedDumpOptions<T>, args: readonly string[], scan: RunningProgram): RunningProgram {
  const { connection, operation, signal } = options;
  const into = scan.child.stdin;
  const dump = startProgram({
    engine: ENGINE,
    operation,
    // Otherwise it writes 4 KB at a time, and every such piece is a hand-over between two processes.
    program: "stdbuf",
    args: ["--output=128K", "mariadb-dump", ...args],
    stdio: ["ignore", into, "pipe"],
    // Waiting for a lock it would not notice that nobody reads it any more, and hold its snapshot.
    diesWithUs: true,
    signal,
    hint: "The server's error log may say more.",
    explain: (stderr) => explainDumpError(stderr, operation, describePlace(connection)),
  });
  into?.destroy();
  return dump;
}

/** @throws the cause, where one program's failure ended the other */
async function bothEnded(programs: { dump: RunningProgram; scan: RunningProgram; operation: string }): Promise<void> {
  const [dumped, scanned] = await Promise.allSettled([programs.dump.done, programs.scan.done]);
  const dumpError = dumped.status === "rejected" ? (dumped.reason as Error) : null;
  if (scanned.status === "fulfilled" && scanned.value.exitCode === EXIT_NO_READER) {
    throw new CancelledError(`its reader went away while it had to ${programs.operation}`);
  }
  if (dumpError && (scanned.status === "fulfilled" || !BROKEN_PIPE.test(dumpError.message))) throw dumpError;
  if (scanned.status === "rejected") throw scanned.reason;
}

/** Resolves with what the reader said last: null when it did not come to a good end. */
async function listen(
  scan: RunningProgram,
  onProgress: ((bytes: number) => void) | undefined,
): Promise<ScanEnd | null> {
  const [, , , messages] = scan.child.stdio;
  if (!messages) return null;
  let last: ScanEnd | null = null;
  for await (const line of createInterface({ input: messages as Readable })) {
    const message = JSON.parse(line) as ScanMessage;
    if ("scanned" in message) last = message;
    onProgress?.("bytes" in message ? message.bytes : message.plain.sizeBytes);
  }
  return last;
}
