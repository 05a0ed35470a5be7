import type { ScannedDump } from "./scan-dump.ts";

/** What `scan-program.ts` says on descriptor 3, a line of JSON each: how far it is, and at a good end what the dump holds. */
export type ScanMessage = { bytes: number } | ScanEnd;

export interface ScanEnd {
  scanned: ScannedDump;
  plain: { sizeBytes: number; sha256: string };
}

/** Its exit codes beside 0: the dump is not whole; nobody takes the bytes any more. */
export const EXIT_MALFORMED = 3;
export const EXIT_NO_READER = 4;
