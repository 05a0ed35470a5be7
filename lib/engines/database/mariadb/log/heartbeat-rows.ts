import type { Heartbeat } from "../../port";
import { EVENT } from "./event-types";
import { type TableMap, inflateStart } from "./read-bodies";

export const HEARTBEAT_SCHEMA = "holdfast";
export const HEARTBEAT_TABLE = "heartbeat";

/** Bytes of the column types that the heartbeat has had. TIMESTAMP(6) is 4 bytes of seconds and 3 of microseconds, big-endian. */
const INTEGER_BYTES: Record<number, number> = { 1: 1, 2: 2, 9: 3, 3: 4, 8: 8 };
const TIMESTAMP2 = 17;
const MICROSECONDS = 6;

export interface HeartbeatLayout {
  tableId: number;
  slotBytes: number;
  seqBytes: number;
}

/** The layout of `slot, seq, at` where the table is the heartbeat's and has its shape; null for any other. */
export function heartbeatLayout(map: TableMap): HeartbeatLayout | null {
  if (map.schema !== HEARTBEAT_SCHEMA || map.table !== HEARTBEAT_TABLE) return null;
  const [columns, slot, seq, at, metadataBytes, fraction] = map.rest;
  const slotBytes = INTEGER_BYTES[slot ?? 0];
  const seqBytes = INTEGER_BYTES[seq ?? 0];
  const fits = columns === 3 && at === TIMESTAMP2 && metadataBytes === 1 && fraction === MICROSECONDS;
  return fits && slotBytes && seqBytes ? { tableId: map.tableId, slotBytes, seqBytes } : null;
}

interface RowsKind {
  /** Each row is there twice: before and after. */
  isUpdate: boolean;
  isCompressed: boolean;
  /** With extra data of its own before the rows. */
  isSecondVersion: boolean;
}

const plain = { isUpdate: false, isCompressed: false, isSecondVersion: false };
const ROWS: Partial<Record<number, RowsKind>> = {
  [EVENT.writeRowsV1]: plain,
  [EVENT.updateRowsV1]: { ...plain, isUpdate: true },
  [EVENT.writeRowsV2]: { ...plain, isSecondVersion: true },
  [EVENT.updateRowsV2]: { ...plain, isUpdate: true, isSecondVersion: true },
  [EVENT.writeRowsCompressedV1]: { ...plain, isCompressed: true },
  [EVENT.updateRowsCompressedV1]: { ...plain, isUpdate: true, isCompressed: true },
  [EVENT.writeRowsCompressedV2]: { ...plain, isCompressed: true, isSecondVersion: true },
  [EVENT.updateRowsCompressedV2]: { isUpdate: true, isCompressed: true, isSecondVersion: true },
};

interface RowReader {
  bytes: Buffer;
  at: number;
}

/** One row image; a column that is not in it, or is NULL, is null. */
function readImage(
  reader: RowReader,
  present: number,
  layout: HeartbeatLayout,
): { seq: bigint | null; at: Date | null } {
  const { bytes } = reader;
  const nulls = bytes.readUInt8(reader.at);
  reader.at += 1;
  const widths = [layout.slotBytes, layout.seqBytes, 7];
  const found: (number | null)[] = [];
  let nullBit = 0;
  for (const [column, width] of widths.entries()) {
    const isThere = (present & (1 << column)) !== 0;
    const isNull = isThere && (nulls & (1 << nullBit)) !== 0;
    if (isThere) nullBit += 1;
    found.push(isThere && !isNull ? reader.at : null);
    if (isThere && !isNull) reader.at += width;
  }
  const [, seqAt, timeAt] = found;
  return {
    seq: typeof seqAt === "number" ? readLittleEndian(bytes.subarray(seqAt, seqAt + layout.seqBytes)) : null,
    at: typeof timeAt === "number" ? readTimestamp(bytes, timeAt) : null,
  };
}

function readLittleEndian(bytes: Buffer): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function readTimestamp(bytes: Buffer, at: number): Date {
  return new Date(bytes.readUInt32BE(at) * 1_000 + Math.floor(bytes.readUIntBE(at + 4, 3) / 1_000));
}

interface Images {
  bytes: Buffer;
  isUpdate: boolean;
  /** Which columns an image has: one bit each. */
  before: number;
  after: number;
}

function readImages(images: Images, layout: HeartbeatLayout): Heartbeat | null {
  const reader: RowReader = { bytes: images.bytes, at: 0 };
  let newest: Heartbeat | null = null;
  try {
    while (reader.at < images.bytes.length) {
      if (images.isUpdate) readImage(reader, images.before, layout);
      const { seq, at } = readImage(reader, images.after, layout);
      if (seq !== null && at !== null) newest = { seq, at };
    }
  } catch (error) {
    // More rows than were kept of the event: nobody beats like that, and what was read so far holds.
    if (!(error instanceof RangeError)) throw error;
  }
  return newest;
}

/** The last beat among the rows after the change; null where the event holds none that can be read. */
export function readHeartbeat(type: number, body: Buffer, layout: HeartbeatLayout): Heartbeat | null {
  const kind = ROWS[type];
  if (!kind || body.readUIntLE(0, 6) !== layout.tableId) return null;
  // Table id and flags, then the second version's extra data, then the number of columns.
  const start = kind.isSecondVersion ? 8 + body.readUInt16LE(8) : 8;
  if (body.readUInt8(start) !== 3) return null;
  const bitmaps = kind.isUpdate ? 2 : 1;
  const packed = body.subarray(start + 1 + bitmaps);
  const bytes = kind.isCompressed ? inflateStart(packed) : packed;
  if (!bytes) return null;
  const [before, after] = [body.readUInt8(start + 1), body.readUInt8(start + bitmaps)];
  return readImages({ bytes, isUpdate: kind.isUpdate, before, after }, layout);
}
