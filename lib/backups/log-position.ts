import type { LogOffset, LogResume } from "@/lib/engines/database/port";

/** A stored stretch of one log file in one repository. */
export interface CoverageRow {
  serverId: string;
  incarnation: string;
  file: string;
  fileId: string | null;
  nextFile: string | null;
  endOffset: bigint;
}

/** The number at the end of a log file's name: files are ordered by it, not by their letters. */
export function logNumber(file: string): number {
  return Number(file.slice(file.lastIndexOf(".") + 1));
}

/** The newest row of one repository, of those of one incarnation. */
export function newestRow<Row extends CoverageRow>(rows: readonly Row[]): Row | undefined {
  return rows.reduce<Row | undefined>(
    (newest, row) => (newest === undefined || logNumber(row.file) > logNumber(newest.file) ? row : newest),
    undefined,
  );
}

/** Where the shipping to a repository goes on. */
export function positionAfter(row: CoverageRow): LogOffset {
  return row.nextFile === null ? { file: row.file, offset: Number(row.endOffset) } : { file: row.nextFile, offset: 0 };
}

/** Where the collector goes on: after the newest that any repository has. */
export function resumeAfter(rows: readonly CoverageRow[]): LogResume | null {
  const newest = rows.reduce<CoverageRow | undefined>((best, row) => {
    if (!best || logNumber(row.file) > logNumber(best.file)) return row;
    return logNumber(row.file) === logNumber(best.file) && row.endOffset > best.endOffset ? row : best;
  }, undefined);
  if (!newest) return null;
  const { serverId, incarnation, fileId } = newest;
  return { ...positionAfter(newest), serverId, incarnation, fileId: newest.nextFile === null ? fileId : null };
}
