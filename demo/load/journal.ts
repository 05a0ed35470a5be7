import { closeSync, createReadStream, openSync, writeSync } from "node:fs";
import { z } from "zod";

/** An order that the shop acknowledged, as the witness outside the database noted it. Times in ms since 1970. */
export const JournalEntry = z.strictObject({
  id: z.number().int(),
  token: z.string(),
  requestedAt: z.number(),
  acknowledgedAt: z.number(),
});
export type JournalEntry = z.infer<typeof JournalEntry>;

export interface Journal {
  /** Notes an order, in the order of the calls. */
  note(entry: JournalEntry): void;
  close(): void;
}

/** Opens the journal for appending. One write a line and no fsync: it must outlive processes, not the machine. */
export function openJournal(file: string): Journal {
  const descriptor = openSync(file, "a", 0o600);
  return {
    note: (entry) => void writeSync(descriptor, `${JSON.stringify(entry)}\n`),
    close: () => closeSync(descriptor),
  };
}

/** Whole lines of a file from a byte on. What follows the last line's end is still being written, and is not read. */
async function* readLines(file: string, fromByte: number): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { start: fromByte }) as AsyncIterable<Buffer>) {
    let data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10)) {
      yield data.subarray(0, end);
      data = data.subarray(end + 1);
    }
    rest = data;
  }
}

/** The entries in the order of their acknowledgement, streamed, from `fromByte` (the start of a line) on; `endByte` is
 *  where the next one starts. @throws Error for a line that is not an entry */
export async function* readJournal(file: string, fromByte = 0): AsyncGenerator<JournalEntry & { endByte: number }> {
  let endByte = fromByte;
  for await (const line of readLines(file, fromByte)) {
    endByte += line.length + 1;
    yield { ...JournalEntry.parse(JSON.parse(line.toString("utf8"))), endByte };
  }
}
