import { crc32, deflateSync } from "node:zlib";
import { EVENT, GTID_FLAG, HEADER_BYTES, MAGIC } from "./event-types";

/** Writes small logs byte by byte, for tests of what reads them. */
export class SyntheticLog {
  #parts: Buffer[] = [MAGIC];
  #size = MAGIC.length;
  readonly offsets: number[] = [];

  constructor(private readonly options: { checksums?: boolean; created?: number; serverId?: number } = {}) {
    const body = Buffer.alloc(2 + 50 + 4 + 1 + 171 + 1);
    body.writeUInt16LE(4, 0);
    body.write("10.11.19-MariaDB-log", 2);
    body.writeUInt32LE(options.created ?? 0, 52);
    body.writeUInt8(HEADER_BYTES, 56);
    body.writeUInt8(options.checksums === false ? 0 : 1, body.length - 1);
    this.event(EVENT.format, body);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  get size(): number {
    return this.#size;
  }

  event(type: number, body: Buffer, timestamp = 1_700_000_000): this {
    const hasChecksum = type === EVENT.format || this.options.checksums !== false;
    const length = HEADER_BYTES + body.length + (hasChecksum ? 4 : 0);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(timestamp, 0);
    header.writeUInt8(type, 4);
    header.writeUInt32LE(this.options.serverId ?? 1, 5);
    header.writeUInt32LE(length, 9);
    header.writeUInt32LE(this.#size + length, 13);
    const event = Buffer.concat([header, body]);
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32LE(crc32(event));
    this.offsets.push(this.#size);
    this.#parts.push(event, ...(hasChecksum ? [checksum] : []));
    this.#size += length;
    return this;
  }

  gtidList(entries: readonly [domain: number, serverId: number, sequence: number][]): this {
    const body = Buffer.alloc(4 + entries.length * 16);
    body.writeUInt32LE(entries.length, 0);
    for (const [index, [domain, serverId, sequence]] of entries.entries()) {
      body.writeUInt32LE(domain, 4 + index * 16);
      body.writeUInt32LE(serverId, 8 + index * 16);
      body.writeBigUInt64LE(BigInt(sequence), 12 + index * 16);
    }
    return this.event(EVENT.gtidList, body);
  }

  gtid(sequence: number, flags: number = GTID_FLAG.transactional, domain = 0): this {
    const body = Buffer.alloc(19);
    body.writeBigUInt64LE(BigInt(sequence), 0);
    body.writeUInt32LE(domain, 8);
    body.writeUInt8(flags, 12);
    return this.event(EVENT.gtid, body);
  }

  query(sql: string): this {
    return this.event(EVENT.query, queryBody(Buffer.from(sql)));
  }

  compressedQuery(sql: string): this {
    return this.event(EVENT.queryCompressed, queryBody(compress(Buffer.from(sql))));
  }

  xid(): this {
    return this.event(EVENT.xid, Buffer.alloc(8));
  }

  rotate(next: string): this {
    return this.event(EVENT.rotate, Buffer.concat([Buffer.alloc(8), Buffer.from(next)]));
  }

  /** One whole transaction with a row of so many bytes. */
  insert(sequence: number, rowBytes = 20): this {
    return this.gtid(sequence)
      .tableMap({ tableId: 9, schema: "shop", table: "orders", rest: Buffer.from([1, 3, 0, 0]) })
      .event(EVENT.writeRowsV1, Buffer.alloc(8 + rowBytes, sequence % 251))
      .xid();
  }

  tableMap(map: { tableId: number; schema: string; table: string; rest: Buffer }): this {
    const head = Buffer.alloc(8);
    head.writeUIntLE(map.tableId, 0, 6);
    const name = (text: string) => [Buffer.from([text.length]), Buffer.from(text), Buffer.from([0])];
    return this.event(EVENT.tableMap, Buffer.concat([head, ...name(map.schema), ...name(map.table), map.rest]));
  }
}

function queryBody(text: Buffer): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt8("shop".length, 8);
  head.writeUInt16LE(3, 11);
  return Buffer.concat([head, Buffer.from([0, 1, 2]), Buffer.from("shop\0"), text]);
}

/** MariaDB's form: the number of length bytes, the length, zlib's stream. */
export function compress(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([Buffer.from([0x84]), length, deflateSync(bytes)]);
}
