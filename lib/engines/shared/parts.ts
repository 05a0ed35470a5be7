import { createHash } from "node:crypto";
import { PassThrough, type Readable } from "node:stream";

/** What goes to a store in one request. 10,000 of them, the most that S3 takes for one object, make 320 GB. */
export const PART_BYTES = 32 * 2 ** 20;

/** One part of a body: `PART_BYTES`, the last one less. */
export interface Part {
  bytes: Buffer;
  md5: Buffer;
  /** Whoever took the part needs its bytes no longer: their memory is used again. */
  release(): void;
}

/** A body that was cut into parts once, for several stores. Whoever reads it releases each part. */
export class PartStream extends PassThrough {
  constructor() {
    super({ objectMode: true, highWaterMark: 1 });
  }
}

/** A body as bytes. A chunk is valid until the next one is asked for. */
export function bytesOf(body: Readable): AsyncIterable<Uint8Array> {
  return body instanceof PartStream ? bytesOfParts(body) : body;
}

async function* bytesOfParts(parts: PartStream): AsyncGenerator<Uint8Array> {
  for await (const part of parts as AsyncIterable<Part>) {
    yield part.bytes;
    part.release();
  }
}

/** A body as parts, at most `atOnce` of them unreleased at any time where they are cut here. */
export function partsOf(body: Readable, atOnce: number): AsyncIterable<Part> {
  return body instanceof PartStream ? body : cutParts(body, { atOnce });
}

/**
 * Cuts bytes into parts, each in memory that is used again: fresh memory for every part would make V8 walk through its
 * whole heap every 32 MB. A chunk of the source is read no more once the next is asked for.
 * @param onPart before the first byte of each part
 * @param see shown each run of bytes on its way into a part; none reaches over the end of a part
 */
export async function* cutParts(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: {
    atOnce: number;
    partBytes?: number | undefined;
    onPart?: () => Promise<void>;
    see?: (bytes: Uint8Array) => void;
  },
): AsyncGenerator<Part> {
  const { atOnce, partBytes = PART_BYTES, onPart, see } = options;
  const memory = new PartMemory(atOnce, partBytes);
  let filling: Filling | null = null;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length;) {
      if (!filling) {
        await onPart?.();
        filling = new Filling(await memory.take());
      }
      const piece = chunk.subarray(at, at + filling.room);
      see?.(piece);
      filling.add(piece);
      at += piece.length;
      if (filling.room > 0) continue;
      yield filling.end(memory);
      filling = null;
    }
  }
  if (filling) yield filling.end(memory);
}

/** A part that is not full yet. */
class Filling {
  readonly #memory: Buffer;
  readonly #md5 = createHash("md5");
  #length = 0;

  constructor(memory: Buffer) {
    this.#memory = memory;
  }

  get room(): number {
    return this.#memory.length - this.#length;
  }

  add(bytes: Uint8Array): void {
    this.#memory.set(bytes, this.#length);
    this.#md5.update(bytes);
    this.#length += bytes.length;
  }

  end(memory: PartMemory): Part {
    return {
      bytes: this.#memory.subarray(0, this.#length),
      md5: this.#md5.digest(),
      release: once(() => memory.give(this.#memory)),
    };
  }
}

/** So many blocks of one size, made when they are needed first, and lent one after the other. */
class PartMemory {
  readonly #free: Buffer[] = [];
  readonly #blockBytes: number;
  #unmade: number;
  #wake: (() => void) | null = null;

  constructor(blocks: number, blockBytes: number) {
    this.#unmade = blocks;
    this.#blockBytes = blockBytes;
  }

  async take(): Promise<Buffer> {
    for (;;) {
      const block = this.#free.pop();
      if (block) return block;
      if (this.#unmade > 0) {
        this.#unmade -= 1;
        return Buffer.allocUnsafeSlow(this.#blockBytes);
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  give(block: Buffer): void {
    this.#free.push(block);
    this.#wake?.();
  }
}

/** The same part for several readers: its memory is free when each of them has released it. */
export function shareAmong(part: Part, readers: number): Part[] {
  let left = readers;
  const release = () => {
    left -= 1;
    if (left === 0) part.release();
  };
  return Array.from({ length: readers }, () => ({ ...part, release: once(release) }));
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    act();
  };
}
