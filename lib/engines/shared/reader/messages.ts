/** What a reader program says on descriptor 3, a line of JSON each: how far it is, and at a good end what went through it. */
export type ReaderMessage<Found> = { bytes: number } | ReaderEnd<Found>;

export interface ReaderEnd<Found> {
  found: Found;
  plain: { sizeBytes: number; sha256: string };
}

/** What went through is not whole. The message says why, and holds nothing of it. */
export class MalformedError extends Error {}

/** Exit codes beside 0: what came is not whole; nobody takes the bytes any more. */
export const EXIT_MALFORMED = 3;
export const EXIT_NO_READER = 4;
