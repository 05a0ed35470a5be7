import { crc32 } from "node:zlib";
import { logDamage } from "./damage";
import { CHECKSUM_BYTES, EVENT, HEADER_BYTES, IN_USE_FLAG, MAGIC, neededBytes } from "./event-types";
import { checkFormat, hasChecksums } from "./read-bodies";

/** One event. `body` shares memory with the input: it holds only during the call. */
export interface LogEvent {
  type: number;
  /** Seconds since 1970. */
  timestamp: number;
  serverId: number;
  /** In the server's file, also where the bytes come from a copy that began in its middle. */
  offset: number;
  end: number;
  /** After the header, without checksum, cut to what `neededBytes` says. */
  body: Buffer;
  /** The body's whole length. */
  bodyBytes: number;
}

interface PartialEvent {
  header: Buffer;
  headerBytes: number;
  length: number;
  body: Buffer;
  /** Of the body, checksum included. */
  consumed: number;
  crc: number;
  checksum: Buffer;
}

export interface ScanOptions {
  /** For errors. */
  file: string;
  /** Offset in the server's file of the first event after the format event, in a copy that began there; 0 for a whole file. */
  resumedAt?: number;
}

/**
 * Finds events in the bytes of a log file, in pieces of any size, checks length, position and CRC32, and keeps no
 * more of one than its reader needs.
 */
export class EventScanner {
  readonly #file: string;
  readonly #resumedAt: number;
  #magicBytes = 0;
  /** Offset in the server's file of the next byte. */
  #offset = 0;
  #boundary = 0;
  #sawFormat = false;
  #checksums = true;
  #partial: PartialEvent | null = null;

  constructor(options: ScanOptions) {
    this.#file = options.file;
    this.#resumedAt = options.resumedAt ?? 0;
  }

  /** End of the last whole event, in the server's file. */
  get boundary(): number {
    return this.#boundary;
  }

  /** Takes the next bytes. @throws EngineError at the first event that is broken */
  push(chunk: Buffer, onEvent: (event: LogEvent) => void): void {
    let at = this.#takeMagic(chunk);
    while (at < chunk.length) {
      if (this.#partial === null) {
        const length = chunk.length - at >= HEADER_BYTES ? this.#eventLength(chunk, at) : Infinity;
        if (chunk.length - at >= length) {
          this.#emitWhole(chunk.subarray(at, at + length), onEvent);
          at += length;
          continue;
        }
        this.#partial = startPartial();
      }
      at = this.#takePartial(this.#partial, chunk, { at, onEvent });
    }
  }

  /** After the last byte. @throws EngineError when it lies inside an event */
  finish(): void {
    if (this.#partial === null && (this.#sawFormat || this.#magicBytes === 0)) return;
    throw logDamage(`the log file "${this.#file}" is cut inside an event at offset ${this.#boundary}`);
  }

  #takeMagic(chunk: Buffer): number {
    let at = 0;
    while (this.#magicBytes < MAGIC.length && at < chunk.length) {
      if (chunk[at] !== MAGIC[this.#magicBytes]) {
        throw logDamage(`"${this.#file}" is not a binary log: its first bytes are wrong`);
      }
      at += 1;
      this.#magicBytes += 1;
      this.#offset = this.#magicBytes;
      this.#boundary = this.#magicBytes;
    }
    return at;
  }

  #eventLength(bytes: Buffer, at: number): number {
    const length = bytes.readUInt32LE(at + 9);
    if (length < HEADER_BYTES + (this.#checksums ? CHECKSUM_BYTES : 0)) throw this.#broken("its length is impossible");
    return length;
  }

  #broken(why: string): Error {
    return logDamage(`the event at offset ${this.#offset} of the log file "${this.#file}" is broken: ${why}`);
  }

  /** Returns where in the chunk it ended. */
  #takePartial(partial: PartialEvent, chunk: Buffer, way: { at: number; onEvent: (event: LogEvent) => void }): number {
    let { at } = way;
    if (partial.headerBytes < HEADER_BYTES) {
      const copied = chunk.copy(partial.header, partial.headerBytes, at, at + HEADER_BYTES - partial.headerBytes);
      partial.headerBytes += copied;
      at += copied;
      if (partial.headerBytes < HEADER_BYTES) return at;
      this.#openBody(partial);
    }
    const bodyBytes = partial.length - HEADER_BYTES;
    const piece = chunk.subarray(at, at + bodyBytes - partial.consumed);
    this.#consumeBody(partial, piece);
    if (partial.consumed === bodyBytes) {
      this.#partial = null;
      this.#emitPartial(partial, way.onEvent);
    }
    return at + piece.length;
  }

  #openBody(partial: PartialEvent): void {
    partial.length = this.#eventLength(partial.header, 0);
    const type = partial.header.readUInt8(4);
    const bodyBytes = partial.length - HEADER_BYTES;
    partial.body = Buffer.allocUnsafe(Math.min(bodyBytes, neededBytes(type)));
    partial.crc = crc32(partial.header);
  }

  #consumeBody(partial: PartialEvent, piece: Buffer): void {
    const bodyBytes = partial.length - HEADER_BYTES;
    if (partial.consumed < partial.body.length) piece.copy(partial.body, partial.consumed);
    const dataBytes = bodyBytes - CHECKSUM_BYTES;
    const data = piece.subarray(0, Math.max(0, dataBytes - partial.consumed));
    if (this.#checksums) partial.crc = crc32(data, partial.crc);
    if (piece.length > data.length) {
      piece.copy(partial.checksum, Math.max(0, partial.consumed - dataBytes), data.length);
    }
    partial.consumed += piece.length;
  }

  #emitPartial(partial: PartialEvent, onEvent: (event: LogEvent) => void): void {
    const isFormat = partial.header.readUInt8(4) === EVENT.format;
    if (isFormat) return this.#emitWhole(Buffer.concat([partial.header, partial.body]), onEvent);
    if (this.#checksums && partial.crc !== partial.checksum.readUInt32LE(0)) throw this.#broken("its checksum differs");
    this.#emit(partial.header, partial.length, { body: partial.body, onEvent });
  }

  #emitWhole(bytes: Buffer, onEvent: (event: LogEvent) => void): void {
    const isFormat = bytes.readUInt8(4) === EVENT.format;
    const checked = isFormat ? withoutInUseFlag(bytes) : bytes;
    if (isFormat && bytes.length !== bytes.readUInt32LE(9)) throw this.#broken("its format event is too long");
    // The format event has a checksum even where the log has none.
    if (this.#checksums || isFormat) {
      const end = bytes.length - CHECKSUM_BYTES;
      if (crc32(checked.subarray(0, end)) !== checked.readUInt32LE(end)) throw this.#broken("its checksum differs");
    }
    const body = bytes.subarray(HEADER_BYTES, HEADER_BYTES + neededBytes(bytes.readUInt8(4)));
    this.#emit(bytes, bytes.length, { body, onEvent });
  }

  #emit(header: Buffer, length: number, rest: { body: Buffer; onEvent: (event: LogEvent) => void }): void {
    const type = header.readUInt8(4);
    const checksumBytes = this.#checksums || type === EVENT.format ? CHECKSUM_BYTES : 0;
    const bodyBytes = length - HEADER_BYTES - checksumBytes;
    const offset = this.#offset;
    const event: LogEvent = {
      type,
      timestamp: header.readUInt32LE(0),
      serverId: header.readUInt32LE(5),
      offset,
      end: offset + length,
      body: rest.body.length > bodyBytes ? rest.body.subarray(0, bodyBytes) : rest.body,
      bodyBytes,
    };
    this.#checkPosition(event, header.readUInt32LE(13));
    if (type === EVENT.format) this.#takeFormat(event);
    else if (!this.#sawFormat) throw this.#broken("the file does not begin with a format event");
    this.#offset = event.end;
    this.#boundary = event.end;
    rest.onEvent(event);
  }

  /** Positions are 32 bits wide: they start again in a file that one transaction made longer. 0: made for a connection. */
  #checkPosition(event: LogEvent, position: number): void {
    if (position !== 0 && position !== event.end % 2 ** 32) throw this.#broken("it belongs to another position");
  }

  #takeFormat(event: LogEvent): void {
    if (this.#sawFormat) throw this.#broken("a second format event");
    checkFormat(event.body, this.#file);
    this.#checksums = hasChecksums(event.body);
    this.#sawFormat = true;
    if (this.#resumedAt > event.end) event.end = this.#resumedAt;
    else if (this.#resumedAt !== 0 && this.#resumedAt < event.end) {
      throw logDamage(`a copy of the log file "${this.#file}" begins inside its first event`);
    }
  }
}

function startPartial(): PartialEvent {
  return {
    header: Buffer.allocUnsafe(HEADER_BYTES),
    headerBytes: 0,
    length: HEADER_BYTES,
    body: Buffer.alloc(0),
    consumed: 0,
    crc: 0,
    checksum: Buffer.alloc(CHECKSUM_BYTES),
  };
}

function withoutInUseFlag(format: Buffer): Buffer {
  const copy = Buffer.from(format);
  copy.writeUInt16LE(copy.readUInt16LE(17) & ~IN_USE_FLAG, 17);
  return copy;
}
