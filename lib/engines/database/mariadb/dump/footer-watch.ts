import { MalformedDumpError } from "./split-dump.ts";

const FOOTER = /\n-- Dump completed on [^\n]+\n$/;
/** The footer's line is shorter. */
const TAIL_BYTES = 256;

/** Sees that a stream ends with the line that MariaDB's dump writes last. */
export class FooterWatch {
  #tail: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    const joined = chunk.length >= TAIL_BYTES ? chunk : Buffer.concat([this.#tail, chunk]);
    // A copy: 256 bytes must not keep a large chunk alive.
    this.#tail = Buffer.from(joined.subarray(-TAIL_BYTES));
  }

  /** @throws MalformedDumpError */
  end(): void {
    if (!FOOTER.test(this.#tail.toString("latin1"))) throw new MalformedDumpError("its last line is missing");
  }
}
