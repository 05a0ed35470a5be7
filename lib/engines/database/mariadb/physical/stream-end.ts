import { MalformedError } from "../../../shared/reader/messages.ts";

/* The end of a stream of files, as `mbstream` writes it: chunk after chunk, each with the name of its file. */

/** The chunk that closes a file: magic, flags, type, the name's length in 4 bytes, the name. */
const CLOSING = /XBSTCK01[\s\S]E[\s\S]{4}([a-z_.-]+)$/;
/** What the tool writes when all else is written, under its names in older and newer versions. */
const LAST_FILES = /^(?:backup-my\.cnf|(?:mariadb_backup|xtrabackup)_(?:info|checkpoints))$/;
const TAIL_BYTES = 256;

/** Sees that a stream ends with the end of the file that the tool writes last. */
export class StreamEnd {
  #tail: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    const joined = chunk.length >= TAIL_BYTES ? chunk : Buffer.concat([this.#tail, chunk]);
    // A copy: the chunk's memory is used again.
    this.#tail = Buffer.from(joined.subarray(-TAIL_BYTES));
  }

  /** Answers the last file's name. @throws MalformedError */
  end(): { lastFile: string } {
    const lastFile = CLOSING.exec(this.#tail.toString("latin1"))?.[1] ?? "";
    if (!LAST_FILES.test(lastFile)) throw new MalformedError("its last file is missing");
    return { lastFile };
  }
}
