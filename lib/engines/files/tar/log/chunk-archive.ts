import type { Readable } from "node:stream";
import { Readable as Stream } from "node:stream";
import { failed } from "../fail";
import type { FileLogChunk } from "../../port";

/* Chunks of logs as a plain ustar archive: `tar -x` and `cat` put the logs together, without us. */

const BLOCK = 512;
const OFFSET_DIGITS = 20;
/** Larger entries are none of ours. */
const ENTRY_BYTES_MAX = 16 * 2 ** 20;

/** One entry of such an archive. */
export interface ArchivedChunk {
  log: string;
  start: number;
  end: number;
  bytes: Buffer;
}

/** `<id>/<start>-<end>`: in the order of their names, `cat` gives the log's bytes. Ends well only when the chunks do. */
export function packChunks(chunks: AsyncIterable<FileLogChunk>): Readable {
  return Stream.from(entries(chunks), { objectMode: false });
}

async function* entries(chunks: AsyncIterable<FileLogChunk>): AsyncGenerator<Buffer> {
  for await (const { next, start, end, bytes } of chunks) {
    yield headerOf(next.id, `${digits(start)}-${digits(end)}`, bytes.length);
    yield bytes;
    yield Buffer.alloc(paddingOf(bytes.length));
  }
  yield Buffer.alloc(2 * BLOCK);
}

function digits(offset: number): string {
  return String(offset).padStart(OFFSET_DIGITS, "0");
}

function paddingOf(length: number): number {
  return (BLOCK - (length % BLOCK)) % BLOCK;
}

function headerOf(folder: string, name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, "0")}\0`;
  header.write(name, 0, "latin1");
  header.write(octal(0o640, 8), 100, "latin1");
  header.write(octal(0, 8), 108, "latin1");
  header.write(octal(0, 8), 116, "latin1");
  header.write(octal(size, 12), 124, "latin1");
  header.write(octal(0, 12), 136, "latin1");
  header.write("        0", 148, "latin1");
  header.write("ustar\u000000", 257, "latin1");
  header.write(folder, 345, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

/** Reads one back, an entry at a time. @throws EngineError where it is none of ours */
export async function* readChunks(archive: Readable): AsyncGenerator<ArchivedChunk> {
  const reader = new BlockReader(archive);
  for (;;) {
    const header = await reader.read(BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const entry = parseHeader(header);
    const bytes = await reader.read(entry.end - entry.start);
    await reader.read(paddingOf(bytes.length));
    yield { ...entry, bytes };
  }
  await reader.drain();
}

function parseHeader(header: Buffer): Omit<ArchivedChunk, "bytes"> {
  const field = (at: number, length: number) => header.toString("latin1", at, at + length).replace(/\0.*$/s, "");
  const [, start, end] = /^(\d{20})-(\d{20})$/.exec(field(0, 100)) ?? [];
  const size = Number.parseInt(field(124, 12), 8);
  const log = field(345, 155);
  const isOurs = start !== undefined && end !== undefined && /^[A-Za-z0-9._-]+$/.test(log);
  if (!isOurs || Number(end) - Number(start) !== size || size > ENTRY_BYTES_MAX) throw noArchive();
  return { log, start: Number(start), end: Number(end) };
}

function noArchive() {
  return failed("read the logs", "what was stored is no archive of logs", {
    permanent: true,
    hint: "Restore from the other repository.",
    kind: "damage",
  });
}

/** Gives exactly so many bytes of a stream. */
class BlockReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async read(length: number): Promise<Buffer> {
    const parts = [this.#rest];
    let held = this.#rest.length;
    while (held < length) {
      const item = await this.#chunks.next();
      if (item.done) throw noArchive();
      parts.push(item.value);
      held += item.value.length;
    }
    const all = Buffer.concat(parts);
    this.#rest = all.subarray(length);
    return all.subarray(0, length);
  }

  /** To the stream's end, so that its digest is known. */
  async drain(): Promise<void> {
    for (let item = await this.#chunks.next(); !item.done; item = await this.#chunks.next()) continue;
  }
}
