import { createHash } from "node:crypto";
import { inflateSync, constants } from "node:zlib";
import { logDamage } from "./damage";
import { GTID_FLAG, HEADER_BYTES } from "./event-types";

const CREATED_OFFSET = 52;
const CRC32_ALGORITHM = 1;

/** @throws EngineError where the log is not of a version that this reader knows. `body`: of a format event, without checksum. */
export function checkFormat(body: Buffer, file: string): void {
  const readable =
    body.length > CREATED_OFFSET + 5 &&
    body.readUInt16LE(0) === 4 &&
    body.readUInt8(CREATED_OFFSET + 4) === HEADER_BYTES;
  if (!readable) {
    throw logDamage(
      `the log file "${file}" is not of binary log version 4`,
      "Was it written by MariaDB 10.5 or later?",
    );
  }
}

/** Whether every event ends in a CRC32. */
export function hasChecksums(body: Buffer): boolean {
  return body.readUInt8(body.length - 1) === CRC32_ALGORITHM;
}

/** Whether the server was started at this file: what an earlier file left unfinished was rolled back. */
export function isAfterStart(body: Buffer): boolean {
  return body.readUInt32LE(CREATED_OFFSET) !== 0;
}

/** The same for the file and for every copy of it, whole or begun in its middle (the server then blanks `created`). */
export function fileIdOf(format: { timestamp: number; serverId: number; body: Buffer }): string {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(format.timestamp, 0);
  head.writeUInt32LE(format.serverId, 4);
  return createHash("sha256")
    .update(head)
    .update(format.body.subarray(0, CREATED_OFFSET))
    .update(format.body.subarray(CREATED_OFFSET + 4))
    .digest("hex")
    .slice(0, 32);
}

export interface GtidBody {
  domain: number;
  sequence: bigint;
  isStandalone: boolean;
  isTransactional: boolean;
  isPreparedXa: boolean;
  isCompletedXa: boolean;
}

export function readGtid(body: Buffer): GtidBody {
  const flags = body.readUInt8(12);
  return {
    sequence: body.readBigUInt64LE(0),
    domain: body.readUInt32LE(8),
    isStandalone: (flags & GTID_FLAG.standalone) !== 0,
    isTransactional: (flags & GTID_FLAG.transactional) !== 0,
    isPreparedXa: (flags & GTID_FLAG.preparedXa) !== 0,
    isCompletedXa: (flags & GTID_FLAG.completedXa) !== 0,
  };
}

export interface GtidListEntry {
  domain: number;
  serverId: number;
  sequence: bigint;
}

/** What the log held before this file: the newest of each domain and server. */
export function readGtidList(body: Buffer): GtidListEntry[] {
  // The upper four bits are flags.
  const count = body.readUInt32LE(0) & 0x0fff_ffff;
  return Array.from({ length: count }, (_, index) => {
    const at = 4 + index * 16;
    return {
      domain: body.readUInt32LE(at),
      serverId: body.readUInt32LE(at + 4),
      sequence: body.readBigUInt64LE(at + 8),
    };
  });
}

/** Name of the next file. */
export function readRotate(body: Buffer): string {
  return body.toString("latin1", 8);
}

/** Longest beginning of a statement that anything looks at. */
const STATEMENT_BYTES = 160;

/** The beginning of a statement, or null where it lies beyond what was kept of the event. */
export function readStatement(body: Buffer, isCompressed: boolean): string | null {
  const schemaBytes = body.readUInt8(8);
  const statusBytes = body.readUInt16LE(11);
  const start = 13 + statusBytes + schemaBytes + 1;
  if (start >= body.length) return null;
  const bytes = body.subarray(start);
  const text = isCompressed ? inflateStart(bytes) : bytes;
  return text && text.toString("utf8", 0, STATEMENT_BYTES);
}

/** MariaDB's compressed form: a byte whose low three bits count the length's bytes, the length, zlib's stream. */
export function inflateStart(bytes: Buffer): Buffer | null {
  const lengthBytes = bytes.readUInt8(0) & 0x07;
  try {
    // The stream may be cut: what comes out until then is enough.
    return inflateSync(bytes.subarray(1 + lengthBytes), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: 2 ** 20,
    });
  } catch {
    return null; // not zlib's, or too long: the caller takes it for unknown
  }
}

export interface TableMap {
  tableId: number;
  schema: string;
  table: string;
  /** After the names. */
  rest: Buffer;
}

export function readTableMap(body: Buffer): TableMap {
  const schemaBytes = body.readUInt8(8);
  const tableBytes = body.readUInt8(10 + schemaBytes);
  const tableAt = 11 + schemaBytes;
  return {
    tableId: body.readUIntLE(0, 6),
    schema: body.toString("utf8", 9, 9 + schemaBytes),
    table: body.toString("utf8", tableAt, tableAt + tableBytes),
    rest: body.subarray(tableAt + tableBytes + 1),
  };
}
