import { createHash } from "node:crypto";
import { Readable } from "node:stream";

export interface Measure {
  sizeBytes: number;
  sha256: string;
}

/** Counts and hashes bytes as they pass. */
export class Meter {
  readonly #hash = createHash("sha256");
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  add(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#sizeBytes += chunk.length;
  }

  /** Once, after the last byte. */
  finish(): Measure {
    return { sizeBytes: this.#sizeBytes, sha256: this.#hash.digest("hex") };
  }
}

/** Bytes that are waiting between two streams: large, since every hand-over costs a turn of the event loop. */
export const STREAM_BUFFER_BYTES = 2 ** 20;

/**
 * A stream of a generator's bytes; the generator's error becomes the stream's. `onClose` runs once when the stream ends
 * or is closed early, and must make a waiting generator go on. (`Readable.from` waits for the generator first, so that
 * a reader who goes away could not stop one that hangs.)
 */
export function streamOf(bytes: AsyncIterable<Uint8Array>, onClose: (error: Error | null) => void): Readable {
  const iterator = bytes[Symbol.asyncIterator]();
  let isPulling = false;
  const pull = async (stream: Readable) => {
    isPulling = true;
    try {
      while (!stream.destroyed) {
        const next = await iterator.next();
        if (next.done) stream.push(null);
        if (next.done || !stream.push(next.value)) return;
      }
    } catch (error) {
      stream.destroy(error as Error);
    } finally {
      isPulling = false;
    }
  };
  const stream = new Readable({
    highWaterMark: STREAM_BUFFER_BYTES,
    read() {
      if (!isPulling) void pull(this);
    },
    destroy(error, callback) {
      onClose(error);
      // Lets the generator's `finally` run; what it still throws comes after the stream's own end.
      iterator.return?.().catch(() => undefined);
      callback(error);
    },
  });
  holdError(stream);
  return stream;
}

/** Whoever reads a stream gets its error. Until then, a failure must not end the process for want of a listener. */
export function holdError(stream: Readable): void {
  stream.on("error", () => undefined);
}
