import { MalformedDumpError } from "../dump/split-dump";

const [NEWLINE, SEMICOLON] = [0x0a, 0x3b];
const STATEMENT_END = Buffer.from(";\n");
const ROW_END = Buffer.from(",\n");

/** Where the lines of `RowText` go. */
export interface RowTextSink {
  /** Rows as lines `(1,'a',NULL),`, from the start of one or from the middle where the piece before ended there. */
  lines(piece: Buffer): void;
  /** A statement of the dump has ended, and with it a line; `rows` is how many there were so far. */
  statementEnd(rows: number): void;
}

/** The start of each INSERT of a table in the dump. */
export function insertHeader(quotedTable: string): string {
  return `INSERT INTO ${quotedTable} VALUES\n`;
}

/** Makes lines for LOAD DATA of a table's INSERT statements while they stream by: rows are searched natively and not copied. */
export class RowText {
  readonly #header: Buffer;
  #inRows = false;
  #held: Buffer | null = null;
  #rows = 0;

  constructor(
    quotedTable: string,
    private readonly sink: RowTextSink,
  ) {
    this.#header = Buffer.from(insertHeader(quotedTable));
  }

  /** @throws MalformedDumpError where the text is no INSERT of this table's rows. */
  push(piece: Buffer): void {
    const bytes = this.#held ? Buffer.concat([this.#held, piece]) : piece;
    this.#held = null;
    let from = 0;
    while (from < bytes.length) {
      const next = this.#inRows ? this.#takeRows(bytes, from) : this.#takeHeader(bytes, from);
      if (next === null) return;
      from = next;
    }
  }

  /** @throws MalformedDumpError where it ends inside a statement. */
  end(): void {
    if (this.#inRows || this.#held) throw new MalformedDumpError("a table's rows end inside a statement");
  }

  #hold(bytes: Buffer): null {
    // A copy: the chunk that it lies in is the stream's.
    this.#held = Buffer.from(bytes);
    return null;
  }

  #takeHeader(bytes: Buffer, from: number): number | null {
    if (bytes[from] === NEWLINE) return from + 1;
    const end = from + this.#header.length;
    const found = bytes.subarray(from, end);
    if (!this.#header.subarray(0, found.length).equals(found)) {
      throw new MalformedDumpError("between a table's rows stands what is none of its INSERTs");
    }
    if (end > bytes.length) return this.#hold(found);
    this.#inRows = true;
    return end;
  }

  #takeRows(bytes: Buffer, from: number): number | null {
    const end = bytes.indexOf(STATEMENT_END, from);
    // Rows never hold a raw line end, so a statement ends only there.
    const kept = end < 0 && bytes.at(-1) === SEMICOLON ? 1 : 0;
    const to = end < 0 ? bytes.length - kept : end;
    this.#count(bytes, from, to);
    if (to > from) this.sink.lines(bytes.subarray(from, to));
    if (end < 0) return kept === 0 ? bytes.length : this.#hold(bytes.subarray(to));
    this.sink.lines(ROW_END);
    this.#rows += 1;
    this.#inRows = false;
    this.sink.statementEnd(this.#rows);
    return end + STATEMENT_END.length;
  }

  #count(bytes: Buffer, from: number, to: number): void {
    for (let at = bytes.indexOf(NEWLINE, from); at >= 0 && at < to; at = bytes.indexOf(NEWLINE, at + 1))
      this.#rows += 1;
  }
}
