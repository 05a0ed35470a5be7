import { z } from "zod";

/** The signed facts beside a closed, compacted log: `<file>.json`. */
export const ClosedLog = z.object({
  format: z.literal(1),
  file: z.string(),
  nextFile: z.string().nullable(),
  sizeBytes: z.number().int(),
  /** Of the plain file. */
  sha256: z.string(),
  firstGtid: z.string().nullable(),
  lastGtid: z.string().nullable(),
  firstAt: z.iso.datetime().nullable(),
  lastAt: z.iso.datetime().nullable(),
  /** What lies in the repository, so that it can be checked without a private key; absent in older ones. */
  sealed: z.object({ sizeBytes: z.number().int(), sha256: z.string() }).nullable().default(null),
  /** Newest heartbeat in it, for a catalogue that must be rebuilt; absent in older ones. */
  heartbeatAt: z.iso.datetime().nullable().default(null),
  fileId: z.string().nullable().default(null),
});
export type ClosedLog = z.infer<typeof ClosedLog>;
