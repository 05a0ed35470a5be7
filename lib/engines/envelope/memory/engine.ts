import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { newToken } from "@/lib/kernel/ids";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { Meter, holdError } from "@/lib/engines/shared/measured-stream";
import type { PipedBytes } from "@/lib/engines/shared/piped-bytes";
import type { Envelope, Opening, SealFacts, Sealing } from "../port";

const HEAD_BYTES = 16;
const TAIL_BYTES = 32;

/** The only identity file that opens what this envelope sealed. */
export const MEMORY_IDENTITY = "/memory/identity.txt";

/**
 * An envelope for tests, without programs: like age's, its bytes differ at each sealing, a wrong key does not open it,
 * and a changed or missing byte is noticed at the end, after bytes were given out.
 */
export function createMemoryEnvelope(): Envelope {
  return { extension: (recipients) => (recipients.length > 0 ? ".zst.age" : ".zst"), recipientsOf, seal, open };
}

/** Which recipients a test names does not matter: the one identity opens everything, so nothing is for it by name. */
function recipientsOf(): Promise<string[]> {
  return Promise.resolve([]);
}

function seal(input: Readable | PipedBytes, options: { recipients: readonly string[]; signal: AbortSignal }): Sealing {
  const done = Promise.withResolvers<SealFacts>();
  const source = input instanceof Readable ? input : input.start();
  const plain = new Meter();
  const key = options.recipients.length > 0 ? Buffer.from(newToken(HEAD_BYTES), "hex") : Buffer.alloc(HEAD_BYTES);
  const pack = async function* (): AsyncGenerator<Buffer> {
    const digest = createHash("sha256").update(key);
    yield key;
    let at = 0;
    for await (const chunk of source as AsyncIterable<Buffer>) {
      assertGoingOn(options.signal);
      plain.add(chunk);
      digest.update(chunk);
      yield mask(chunk, key, at);
      at += chunk.length;
    }
    yield digest.digest();
  };
  const output = streamUntilDone(pack(), source, (error) => {
    if (error) done.reject(error);
    else done.resolve({ plain: plain.finish() });
  });
  done.promise.catch(() => undefined);
  return { output, chunks: () => output, done: done.promise };
}

function open(
  input: Readable,
  options: { encrypted: boolean; identityFile: string | undefined; signal: AbortSignal },
): Opening {
  const done = Promise.withResolvers<Awaited<Opening["done"]>>();
  const sealed = new Meter();
  let plainBytes = 0;
  const unpack = async function* (): AsyncGenerator<Buffer> {
    if (options.encrypted && options.identityFile !== MEMORY_IDENTITY) throw failure("the key does not open it");
    let held = Buffer.alloc(0);
    let key: Buffer | undefined;
    const digest = createHash("sha256");
    for await (const chunk of input as AsyncIterable<Buffer>) {
      assertGoingOn(options.signal);
      sealed.add(chunk);
      held = Buffer.concat([held, chunk]);
      if (!key && held.length >= HEAD_BYTES) {
        key = Buffer.from(held.subarray(0, HEAD_BYTES));
        digest.update(key);
        held = held.subarray(HEAD_BYTES);
      }
      if (!key || held.length <= TAIL_BYTES) continue;
      const plain = mask(held.subarray(0, held.length - TAIL_BYTES), key, plainBytes);
      held = held.subarray(held.length - TAIL_BYTES);
      digest.update(plain);
      plainBytes += plain.length;
      yield plain;
    }
    if (!digest.digest().equals(held)) throw failure("it is cut off or damaged");
  };
  const output = streamUntilDone(unpack(), input, (error) => {
    if (error) done.reject(error);
    else done.resolve({ sealed: sealed.finish(), plain: { sizeBytes: plainBytes } });
  });
  done.promise.catch(() => undefined);
  return { output, done: done.promise };
}

/** `settle` is told once: no error after the last byte, the generator's error, or that the reader went away. */
function streamUntilDone(
  bytes: AsyncGenerator<Buffer>,
  input: Readable,
  settle: (error: Error | null) => void,
): Readable {
  holdError(input);
  let end: Error | null = new CancelledError("the reader went away before the end of the data");
  const watched = async function* (): AsyncGenerator<Buffer> {
    try {
      yield* bytes;
      end = null;
    } catch (error) {
      // A reader who went away ends what is read from as well, and that is not the cause.
      if (!output.destroyed) end = error instanceof Error ? error : new Error("unknown");
      throw error;
    }
  };
  const output: Readable = Readable.from(watched(), { objectMode: false });
  holdError(output);
  output.once("close", () => {
    input.destroy();
    settle(end);
  });
  return output;
}

function mask(chunk: Buffer, key: Buffer, from: number): Buffer {
  return Buffer.from(chunk.map((byte, index) => byte ^ (key[(from + index) % key.length] ?? 0)));
}

function assertGoingOn(signal: AbortSignal): void {
  if (signal.aborted) throw new CancelledError("stopped while the data was packed");
}

function failure(cause: string): EngineError {
  return new EngineError(`cannot unpack the data: ${cause}`, {
    engine: "envelope",
    operation: "unpack",
    permanent: true,
    hint: "Look at the test.",
  });
}
