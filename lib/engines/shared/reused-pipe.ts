import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** More than a socket holds at once. */
const BLOCK_BYTES = 2 ** 20;

/** A way from a program to this process whose bytes always come in the same block of memory. */
export interface ReusedPipe {
  /** The program's end, for its stdio; to be destroyed here once the program has it. */
  entrance: Socket;
  /** What comes out. A chunk is valid until the next one is asked for. Ends when the program has closed its end. */
  bytes(): AsyncGenerator<Uint8Array>;
  /** Nobody reads on. */
  close(): void;
}

/**
 * For gigabytes. From a child's stdout Node reads each 64 KB into memory of its own, and V8, told of that memory, walks
 * through its whole heap every 32 MB: in the runner more work than everything else it does with a backup's bytes.
 * Node cannot make a pair of connected sockets, so one is made by way of a path that nobody else can reach.
 */
export async function openReusedPipe(): Promise<ReusedPipe> {
  const directory = await mkdtemp(join(tmpdir(), "hf-pipe-"));
  const server = createServer({ pauseOnConnect: true });
  try {
    const path = join(directory, "s");
    server.listen(path);
    await once(server, "listening");
    const arriving = once(server, "connection") as Promise<[Socket]>;
    const reader = new BlockReader(path);
    const [entrance] = await arriving;
    return { entrance, bytes: () => reader.bytes(), close: () => reader.close() };
  } finally {
    server.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Reads a block only when it is asked for one. */
class BlockReader {
  readonly #socket: Socket;
  readonly #closed: Promise<null>;
  #failure: Error | null = null;
  #deliver: ((bytes: Uint8Array) => void) | null = null;
  #early: Uint8Array | null = null;

  constructor(path: string) {
    this.#socket = connect({
      path,
      onread: {
        buffer: Buffer.allocUnsafeSlow(BLOCK_BYTES),
        callback: (length, block) => {
          this.#take(block.subarray(0, length));
          return false; // reads no more until it is resumed
        },
      },
    });
    this.#socket.on("error", (error) => (this.#failure = error));
    this.#closed = new Promise((resolve) => this.#socket.once("close", () => resolve(null)));
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const block = await this.#next();
        if (block === null) break;
        yield block;
      }
      if (this.#failure) throw this.#failure;
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(block: Uint8Array): void {
    if (this.#deliver) this.#deliver(block);
    else this.#early = block;
    this.#deliver = null;
  }

  /** Null at the end. */
  #next(): Promise<Uint8Array | null> {
    const early = this.#early;
    this.#early = null;
    if (early) return Promise.resolve(early);
    const next = new Promise<Uint8Array>((resolve) => (this.#deliver = resolve));
    this.#socket.resume();
    return Promise.race([next, this.#closed]);
  }
}
