import { type Hash, createHash, hash } from "node:crypto";
import { MalformedDumpError } from "./split-dump.ts";

const [NEWLINE, SPACE, COMMA, SEMICOLON, LETTER_I, OPEN, BACKTICK] = [0x0a, 0x20, 0x2c, 0x3b, 0x49, 0x28, 0x60];
const VALUES = Buffer.from(" VALUES");
const INSERT = "INSERT INTO ";
/** More than the names of all columns of the widest table there can be. */
const HEADER_BYTES_MAX = 4 * 2 ** 20;

/** What is known of a table's rows. */
export interface RowFacts {
  rows: number;
  sha256: string;
}

/** Takes rows; where one ends is said by the caller, who knows. Neither INSERT headers nor the place where one statement ends count. */
interface RowSink {
  /** Bytes of rows from the start of one, or from the middle where the piece before ended there. `complete`: the last row ends with them. */
  take(bytes: Buffer, complete: boolean): void;
  digest(): string;
}

/** In the order of the dump: one digest over everything, at the speed of the hash. */
function orderedRows(): RowSink {
  const all = createHash("sha256");
  return {
    take(bytes, complete) {
      all.update(bytes);
      if (complete) all.update(",\n");
    },
    digest: () => all.digest("hex"),
  };
}

/** Whatever the order: the sum of the rows' own digests in eight words of 32 bits. Two equal rows are not the same as none. */
function unorderedRows(): RowSink {
  const sum = new Uint32Array(8);
  let open: Hash | null = null;
  const row = (end: Buffer) => {
    const digest = open ? open.update(end).digest() : hash("sha256", end, "buffer");
    open = null;
    for (let word = 0; word < 8; word += 1) sum[word] = (sum[word] ?? 0) + digest.readUInt32BE(word * 4);
  };
  return {
    take(bytes, complete) {
      let from = 0;
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
        row(bytes.subarray(from, at - 1));
        from = at + 1;
      }
      if (complete) return row(bytes.subarray(from));
      if (from === bytes.length) return;
      open ??= createHash("sha256");
      open.update(bytes.subarray(from));
    },
    digest: () => createHash("sha256").update("unordered").update(Buffer.from(sum.buffer)).digest("hex"),
  };
}

/** Counts and digests the rows of one table as they stream by: each row of MariaDB's dump is one line. */
export class RowDigest {
  readonly #sink: RowSink;
  #rows = 0;
  #header: Buffer | null = null;
  #held: Buffer | null = null;
  #inRow = false;

  constructor(ordered: boolean) {
    this.#sink = ordered ? orderedRows() : unorderedRows();
  }

  /** @throws MalformedDumpError where the text is no INSERT of MariaDB's dump. */
  push(piece: Buffer): void {
    let bytes = this.#held ? Buffer.concat([this.#held, piece]) : piece;
    this.#held = null;
    const last = bytes.at(-1);
    if (last === COMMA || last === SEMICOLON) {
      // It may be the end of a row, which is seen only with the byte after it.
      this.#held = Buffer.from([last]);
      bytes = bytes.subarray(0, -1);
    }
    let from = 0;
    while (from < bytes.length) {
      const next = this.#inRow ? this.#takeRows(bytes, from) : this.#takeHeader(bytes, from);
      if (next === null) {
        this.#held = Buffer.concat([bytes.subarray(from), ...(this.#held ? [this.#held] : [])]);
        return;
      }
      from = next;
    }
  }

  /** @throws MalformedDumpError when a row or an INSERT is not whole. */
  facts(): RowFacts {
    if (this.#inRow || this.#held) throw new MalformedDumpError("a table's rows end inside a statement");
    return { rows: this.#rows, sha256: this.#sink.digest() };
  }

  /** Rows up to the end of their statement or of the bytes. */
  #takeRows(bytes: Buffer, from: number): number {
    let at = bytes.indexOf(NEWLINE, from);
    while (at >= 0) {
      this.#rows += 1;
      if (bytes[at - 1] === SEMICOLON) {
        this.#sink.take(bytes.subarray(from, at - 1), true);
        this.#inRow = false;
        return at + 1;
      }
      at = bytes.indexOf(NEWLINE, at + 1);
    }
    this.#sink.take(bytes.subarray(from), false);
    return bytes.length;
  }

  /** The start of an INSERT up to its first row; null when it is not whole yet. */
  #takeHeader(bytes: Buffer, from: number): number | null {
    if (bytes[from] === NEWLINE) return from + 1;
    if (bytes[from] !== LETTER_I) throw new MalformedDumpError("between a table's rows stands what is no INSERT");
    const known = this.#header;
    if (known && bytes.length - from < known.length + 2) return null;
    if (!known?.equals(bytes.subarray(from, from + known.length))) {
      const end = findHeaderEnd(bytes, from);
      if (end === null) return null;
      this.#header = Buffer.from(bytes.subarray(from, end));
    }
    const row = from + (this.#header?.length ?? 0) + 1;
    if (row >= bytes.length) return null;
    if (bytes[row] !== OPEN) throw new MalformedDumpError("an INSERT has no row");
    this.#inRow = true;
    return row;
  }
}

/** Index after `INSERT INTO … VALUES`; null when that is not there yet. Names in backticks may hold anything. */
function findHeaderEnd(bytes: Buffer, from: number): number | null {
  const head = bytes.toString("latin1", from, from + INSERT.length);
  if (!INSERT.startsWith(head)) throw new MalformedDumpError("between a table's rows stands what is no INSERT");
  let quoted = false;
  for (let at = from + INSERT.length; at < bytes.length; at += 1) {
    if (bytes[at] === BACKTICK) quoted = !quoted;
    if (quoted || bytes[at] !== SPACE) continue;
    const end = at + VALUES.length;
    if (end >= bytes.length) break;
    const follows = bytes[end] === NEWLINE || bytes[end] === SPACE;
    if (follows && bytes.subarray(at, end).equals(VALUES)) return end;
  }
  if (bytes.length - from > HEADER_BYTES_MAX) throw new MalformedDumpError("an INSERT names no rows");
  return null;
}
