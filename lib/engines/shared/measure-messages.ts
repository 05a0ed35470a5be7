/** What `measure-program.ts` says on descriptor 3, a line of JSON each: how far it is, and at the end what went by. */
export type MeasureMessage = { bytes: number } | { plain: { sizeBytes: number; sha256: string } };

/** Its exit code when nobody takes the bytes any more. */
export const EXIT_NO_READER = 4;
