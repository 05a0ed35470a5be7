/** Numbers of MariaDB's binary log format, version 4. */
export const EVENT = {
  query: 2,
  stop: 3,
  rotate: 4,
  intVar: 5,
  rand: 13,
  userVar: 14,
  format: 15,
  xid: 16,
  executeLoad: 18,
  tableMap: 19,
  writeRowsV1: 23,
  updateRowsV1: 24,
  incident: 26,
  writeRowsV2: 30,
  updateRowsV2: 31,
  xaPrepare: 38,
  annotateRows: 160,
  checkpoint: 161,
  gtid: 162,
  gtidList: 163,
  startEncryption: 164,
  queryCompressed: 165,
  writeRowsCompressedV1: 166,
  updateRowsCompressedV1: 167,
  writeRowsCompressedV2: 169,
  updateRowsCompressedV2: 170,
} as const;

export const MAGIC = Buffer.from([0xfe, 0x62, 0x69, 0x6e]);
export const HEADER_BYTES = 19;
export const CHECKSUM_BYTES = 4;
/** Of the file's flags, in its first event: the server has it open, or did not close it. Copies never have it. */
export const IN_USE_FLAG = 0x01;
/** Where that flag lies in a file. */
export const IN_USE_OFFSET = MAGIC.length + 17;

/** Flags of a GTID event. */
export const GTID_FLAG = {
  /** One event follows and no COMMIT: DDL. */
  standalone: 0x01,
  groupCommit: 0x02,
  transactional: 0x04,
  preparedXa: 0x40,
  completedXa: 0x80,
} as const;

const KEPT_BYTES: Partial<Record<number, number>> = {
  [EVENT.gtidList]: 2 ** 20,
  [EVENT.format]: 4_096,
  [EVENT.rotate]: 4_096,
  [EVENT.query]: 4_096,
  [EVENT.queryCompressed]: 4_096,
  [EVENT.tableMap]: 4_096,
  [EVENT.writeRowsV1]: 1_024,
  [EVENT.updateRowsV1]: 1_024,
  [EVENT.writeRowsV2]: 1_024,
  [EVENT.updateRowsV2]: 1_024,
  [EVENT.writeRowsCompressedV1]: 1_024,
  [EVENT.updateRowsCompressedV1]: 1_024,
  [EVENT.writeRowsCompressedV2]: 1_024,
  [EVENT.updateRowsCompressedV2]: 1_024,
  [EVENT.gtid]: 256,
};

/** How much of an event's body its reader needs; the rest is only checked, never kept. */
export function neededBytes(type: number): number {
  return KEPT_BYTES[type] ?? 0;
}
