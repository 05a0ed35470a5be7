import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { type Measure, Meter, holdError, streamOf } from "@/lib/engines/shared/measured-stream";
import { openReusedPipe } from "@/lib/engines/shared/reused-pipe";
import type { PipedBytes } from "@/lib/engines/shared/piped-bytes";
import type { Envelope, OpenOptions, Opening, PipedOpening, Sealing } from "../port";
import { Chain } from "./chain";
import { recipientsOf } from "./identities";
import { type Program, ageOpen, ageSeal, assertRecipients, zstdPack, zstdUnpack } from "./programs";

const UNPACK = "unpack the data";

/** The envelope of the programs `zstd` and `age`. */
export function createAgeEnvelope(): Envelope {
  return {
    extension: (recipients) => (recipients.length > 0 ? ".zst.age" : ".zst"),
    recipientsOf,
    seal,
    open,
    openPiped,
  };
}

function seal(
  input: Readable | PipedBytes,
  options: { recipients: readonly string[]; level?: number; signal: AbortSignal },
): Sealing {
  const { recipients, level = 1, signal } = options;
  const chain = new Chain("pack the data", signal);
  const source = input instanceof Readable ? inProcess(input, chain) : fromProgram(input, chain);
  const build = async (): Promise<AsyncIterable<Uint8Array>> => {
    assertRecipients(recipients);
    const pipe = await openReusedPipe();
    try {
      if (recipients.length === 0) source.pack(zstdPack(level), pipe.entrance);
      else chain.startBehind(present(source.pack(zstdPack(level), "pipe").stdout), ageSeal(recipients), pipe.entrance);
    } catch (error) {
      pipe.close();
      throw error;
    } finally {
      pipe.entrance.destroy();
    }
    return pipe.bytes();
  };
  const { chunks, output, done } = conclude(chain, { close: source.close, build, isReused: true });
  return {
    output,
    chunks,
    done: observed(done.then(async () => ({ plain: await source.measured() }))),
  };
}

/** Where the bytes come from. */
interface Source {
  /** Starts the program that packs them. */
  pack(program: Program, into: Socket | "pipe"): ChildProcess;
  close(): void;
  measured(): Promise<Measure>;
}

function inProcess(input: Readable, chain: Chain): Source {
  holdError(input);
  const plain = new Meter();
  return {
    pack: (program, into) => {
      const child = chain.start({ ...program, stdio: ["pipe", into, "pipe"] });
      chain.feed(input, present(child.stdin), (chunk) => plain.add(chunk));
      return child;
    },
    close: () => input.destroy(),
    measured: () => Promise.resolve(plain.finish()),
  };
}

/** The packing program reads what the one before writes: nothing of it passes through this process. */
function fromProgram(input: PipedBytes, chain: Chain): Source {
  return {
    pack: (program, into) => {
      chain.watch(input.measured);
      return chain.startBehind(input.start(), program, into);
    },
    close: () => input.abandon(),
    measured: () => input.measured,
  };
}

/** Starts the programs that unpack. @returns the last one's output, which nobody reads yet @throws EngineError without a key */
function unpackThrough(chain: Chain, input: Readable, options: OpenOptions & { sealed: Meter }): Readable {
  const { encrypted, identityFile, sealed } = options;
  const see = (chunk: Buffer) => sealed.add(chunk);
  if (!encrypted) {
    const zstd = chain.start({ ...zstdUnpack(), stdio: ["pipe", "pipe", "pipe"] });
    chain.feed(input, present(zstd.stdin), see);
    return present(zstd.stdout);
  }
  if (identityFile === undefined) throw noIdentity();
  const age = chain.start({ ...ageOpen(identityFile), stdio: ["pipe", "pipe", "pipe"] });
  const zstd = chain.startBehind(present(age.stdout), zstdUnpack());
  chain.feed(input, present(age.stdin), see);
  return present(zstd.stdout);
}

function open(input: Readable, options: OpenOptions): Opening {
  holdError(input);
  const sealed = new Meter();
  const chain = new Chain(UNPACK, options.signal);
  let plainBytes = 0;
  const build = () => kept(unpackThrough(chain, input, { ...options, sealed }));
  const close = () => input.destroy();
  const { output, done } = conclude(chain, { close, build, see: (chunk) => (plainBytes += chunk.length) });
  return {
    output,
    done: observed(done.then(() => ({ sealed: sealed.finish(), plain: { sizeBytes: plainBytes } }))),
  };
}

function openPiped(input: Readable, options: OpenOptions): PipedOpening {
  holdError(input);
  const sealed = new Meter();
  const chain = new Chain(UNPACK, options.signal);
  const done = Promise.withResolvers<void>();
  let isStarted = false;
  return {
    start: () => {
      isStarted = true;
      try {
        const plain = unpackThrough(chain, input, { ...options, sealed });
        chain.settle().then(done.resolve, done.reject);
        return plain;
      } catch (error) {
        chain.stop();
        input.destroy();
        done.reject(error);
        throw error;
      }
    },
    abandon: () => {
      chain.stop();
      input.destroy();
      if (!isStarted) done.reject(new CancelledError(`stopped before it could ${UNPACK}`));
    },
    done: observed(done.promise.then(() => ({ sealed: sealed.finish() }))),
  };
}

/**
 * The end of a chain: its output ends only when every program has ended well. Who stores the output as it comes then
 * stores nothing that was cut off. It is taken once, as `output` or as `chunks`.
 */
function conclude(
  chain: Chain,
  parts: {
    close: () => unknown;
    build: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;
    /** Its chunks lie in the same memory, one after the other. */
    isReused?: boolean;
    see?: (chunk: Uint8Array) => void;
  },
): { output: Readable; chunks: () => AsyncIterable<Uint8Array>; done: Promise<void> } {
  const read = Promise.withResolvers<void>();
  const close = (error: Error | null) => {
    chain.stop();
    parts.close();
    const isKnown = error instanceof EngineError || error instanceof CancelledError;
    read.reject(isKnown ? error : new CancelledError("the reader went away before the end of the data"));
  };
  const built = (async () => parts.build())();
  built.catch((error: unknown) => {
    read.reject(error);
    close(null);
  });
  const settled = built.then(() => chain.settle());
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of await built) {
      parts.see?.(chunk);
      yield chunk;
    }
    await settled;
    read.resolve();
  };
  const all = failingWith(settled, bytes());
  const output = streamOf(parts.isReused ? copied(all) : all, close);
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    let failure: unknown = null;
    try {
      yield* all;
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      close(failure instanceof Error ? failure : null);
    }
  };
  return { output, chunks, done: observed(Promise.all([settled, read.promise]).then(() => undefined)) };
}

/** A chunk of its own for whoever keeps several of them. */
async function* copied(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}

/** Node throws away what a program that ended has left in its pipe, unless someone listens for it by then. */
function kept(pipe: Readable): Readable {
  return pipe.on("readable", () => undefined);
}

/** A stream that was cut because a program failed ends with that program's error, not with its own. */
async function* failingWith(settled: Promise<void>, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    await settled;
    throw error;
  }
}

/** A caller awaits `done` after the output: until then its rejection must not end the process. */
function observed<T>(done: Promise<T>): Promise<T> {
  done.catch(() => undefined);
  return done;
}

/** With `pipe` in its stdio a child has these streams. */
function present<T>(stream: T | null): T {
  if (stream === null) throw new Error("a program was started without a pipe");
  return stream;
}

function noIdentity(): EngineError {
  return new EngineError("cannot unpack the data: it is encrypted, and no identity file is given", {
    engine: "envelope",
    operation: "unpack",
    permanent: true,
    hint: "Set keys.identityFile on the runner that restores, or give --identity.",
  });
}
