import type { Readable } from "node:stream";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { Meter, holdError, streamOf } from "@/lib/engines/shared/measured-stream";
import type { Envelope, Opening, SealFacts, Sealing } from "../port";
import { Chain } from "./chain";
import { ageOpen, ageSeal, assertRecipients, zstdPack, zstdUnpack } from "./programs";

/** The envelope of the programs `zstd` and `age`. */
export function createAgeEnvelope(): Envelope {
  return {
    extension: (recipients) => (recipients.length > 0 ? ".zst.age" : ".zst"),
    seal,
    open,
  };
}

function seal(
  input: Readable,
  options: { recipients: readonly string[]; level?: number; signal: AbortSignal },
): Sealing {
  const { recipients, level = 1, signal } = options;
  holdError(input);
  const plain = new Meter();
  const compressed = new Meter();
  const sealed = new Meter();
  const chain = new Chain("pack the data", signal);
  const build = (): Readable => {
    assertRecipients(recipients);
    const zstd = chain.start({ ...zstdPack(level), stdio: ["pipe", "pipe", "pipe"] });
    chain.feed(input, present(zstd.stdin), (chunk) => plain.add(chunk));
    if (recipients.length === 0) return present(zstd.stdout);
    const age = chain.start({ ...ageSeal(recipients), stdio: ["pipe", "pipe", "pipe"] });
    chain.feed(present(zstd.stdout), present(age.stdin), (chunk) => compressed.add(chunk));
    return present(age.stdout);
  };
  const { output, done } = conclude(chain, { input, build, see: (chunk) => sealed.add(chunk) });
  return {
    output,
    done: observed(
      done.then((): SealFacts => {
        const packed = sealed.finish();
        return {
          plain: plain.finish(),
          compressed: recipients.length > 0 ? compressed.finish() : packed,
          sealed: packed,
        };
      }),
    ),
  };
}

function open(
  input: Readable,
  options: { encrypted: boolean; identityFile: string | undefined; signal: AbortSignal },
): Opening {
  const { encrypted, identityFile, signal } = options;
  holdError(input);
  const sealed = new Meter();
  const chain = new Chain("unpack the data", signal);
  let plainBytes = 0;
  const see = (chunk: Buffer) => sealed.add(chunk);
  const build = (): Readable => {
    if (!encrypted) {
      const zstd = chain.start({ ...zstdUnpack(), stdio: ["pipe", "pipe", "pipe"] });
      chain.feed(input, present(zstd.stdin), see);
      return present(zstd.stdout);
    }
    if (identityFile === undefined) throw noIdentity();
    const age = chain.start({ ...ageOpen(identityFile), stdio: ["pipe", "pipe", "pipe"] });
    // zstd reads age's output itself: these bytes never pass through this process.
    const between = present(age.stdout);
    const zstd = chain.start({ ...zstdUnpack(), stdio: [between, "pipe", "pipe"] });
    between.destroy();
    chain.feed(input, present(age.stdin), see);
    return present(zstd.stdout);
  };
  const { output, done } = conclude(chain, { input, build, see: (chunk) => (plainBytes += chunk.length) });
  return {
    output,
    done: observed(done.then(() => ({ sealed: sealed.finish(), plain: { sizeBytes: plainBytes } }))),
  };
}

/**
 * The end of a chain: its output ends only when every program has ended well. Who stores the output as it comes then
 * stores nothing that was cut off.
 */
function conclude(
  chain: Chain,
  parts: { input: Readable; build: () => Readable; see: (chunk: Buffer) => void },
): { output: Readable; done: Promise<void> } {
  const { input, build, see } = parts;
  const read = Promise.withResolvers<void>();
  const bytes = async function* (last: Readable, settled: Promise<void>): AsyncGenerator<Buffer> {
    for await (const chunk of last as AsyncIterable<Buffer>) {
      see(chunk);
      yield chunk;
    }
    await settled;
    read.resolve();
  };
  const close = (error: Error | null) => {
    chain.stop();
    input.destroy();
    const isKnown = error instanceof EngineError || error instanceof CancelledError;
    read.reject(isKnown ? error : new CancelledError("the reader went away before the end of the data"));
  };
  try {
    const last = build();
    // Node throws away what a program that ended has left in its pipe, unless someone listens for it by then.
    last.on("readable", () => undefined);
    const settled = chain.settle();
    const output = streamOf(failingWith(settled, bytes(last, settled)), close);
    return { output, done: Promise.all([settled, read.promise]).then(() => undefined) };
  } catch (error) {
    close(null);
    const output = streamOf(failing(error), () => undefined);
    read.promise.catch(() => undefined); // `done` tells the cause
    return { output, done: Promise.reject(error) };
  }
}

/** A stream that was cut because a program failed ends with that program's error, not with its own. */
async function* failingWith(settled: Promise<void>, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* bytes;
  } catch (error) {
    await settled;
    throw error;
  }
}

async function* failing(error: unknown): AsyncGenerator<Buffer> {
  yield* [];
  throw error;
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
