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
});
export type ClosedLog = z.infer<typeof ClosedLog>;
