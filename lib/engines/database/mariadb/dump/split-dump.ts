import { MalformedError } from "../../../shared/reader/messages.ts";

/** The parts of a dump in order; their bytes together are the dump. */
export interface DumpParts {
  /** One statement with the comments before it, up to and with its line end. */
  statement(text: Buffer): void;
  /** A piece of a stored program between `DELIMITER ;;` and `DELIMITER ;`, that line included. */
  program(piece: Buffer, first: boolean): void;
  /** A piece of one table's rows: the INSERT statements. The first begins with the line end of the statement before. */
  rows(piece: Buffer): void;
}

const [NEWLINE, SEMICOLON, BACKSLASH, DASH, SLASH] = [0x0a, 0x3b, 0x5c, 0x2d, 0x2f];
const QUOTES = new Set([0x27, 0x22, 0x60]);
const BACKTICK = 0x60;

/** Rows never hold a raw line end: this can only stand after the last one. */
const ROWS_END = Buffer.from("\n/*!40000 ALTER TABLE ");
const PROGRAM_START = "DELIMITER ;;";
const PROGRAM_END = Buffer.from("\nDELIMITER ;\n");
/** Events of a schema stand in one section: it is opened again for each. */
const NEXT_PROGRAM = Buffer.from("\nDELIMITER ;;\n");
const ROWS_START = /^\/\*!40000 ALTER TABLE (`(?:[^`]|``)+`) DISABLE KEYS \*\/;$/;
/** A statement of the dump is a definition: a larger one is no dump. */
const STATEMENT_BYTES_MAX = 64 * 2 ** 20;
/** Statements that start a section are shorter. */
const SHORT_STATEMENT_BYTES = 4_096;

export class MalformedDumpError extends MalformedError {}

/** The statement without comments and blank lines before it, as text. */
export function statementText(statement: Buffer): string {
  return statement
    .toString("utf8")
    .replace(/^(?:\s+|--[^\n]*\n|\/\*M!999999[^\n]*\n)+/, "")
    .trimEnd();
}

type Mode = "statements" | "program" | "rows";

/**
 * Cuts MariaDB's dump into statements, stored programs and rows while it streams by. It knows quotes, so a name or a comment that looks like SQL
 * is not taken for it; rows are searched natively and not copied.
 */
export class DumpSplitter {
  #mode: Mode = "statements";
  /** Bytes that are not handed over yet: a statement without its end, or a tail that may be the start of a marker. */
  #held: Buffer = Buffer.alloc(0);
  /** In a statement: the next byte of `#held` to look at, and the state of the lexer there. */
  #next = 0;
  #quote = 0;
  #begun = false;
  #firstOfProgram = false;

  private readonly parts: DumpParts;

  constructor(parts: DumpParts) {
    this.parts = parts;
  }

  /** @throws MalformedDumpError when a statement does not end. */
  push(chunk: Buffer): void {
    let rest: Buffer | null = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    while (rest && rest.length > 0) {
      rest = this.#mode === "statements" ? this.#splitStatement(rest) : this.#passUntilMark(rest);
    }
  }

  /** @throws MalformedDumpError when the dump ended in the middle of something. */
  end(): void {
    if (this.#mode !== "statements") throw new MalformedDumpError(`it ends inside a table's ${this.#mode}`);
    if (this.#begun) throw new MalformedDumpError("it ends inside a statement");
    if (this.#held.length > 0) this.parts.statement(this.#held);
    this.#held = Buffer.alloc(0);
  }

  #hold(rest: Buffer): null {
    // A copy: the chunk that it lies in may be large, and is the stream's.
    this.#held = Buffer.from(rest);
    return null;
  }

  #splitStatement(bytes: Buffer): Buffer | null {
    const end = this.#findStatementEnd(bytes);
    if (end !== null) return this.#endStatement(bytes, end);
    if (bytes.length > STATEMENT_BYTES_MAX) {
      throw new MalformedDumpError("a statement is longer than any that a dump holds");
    }
    return this.#hold(bytes);
  }

  /** Index after the line end of the statement, or null when more bytes are needed; then `#next` says where to go on. */
  #findStatementEnd(bytes: Buffer): number | null {
    let at: number | null = this.#next;
    while (at !== null && at < bytes.length) {
      this.#next = at;
      if (this.#quote !== 0) {
        at = this.#skipQuoted(bytes, at);
      } else if (!this.#begun) {
        const after = skipTrivia(bytes, at);
        this.#begun = after === at;
        at = after;
      } else if (bytes[at] === SEMICOLON && bytes[at + 1] === NEWLINE) {
        return at + 2;
      } else if (bytes[at] === SEMICOLON && at + 1 === bytes.length) {
        return null;
      } else {
        const byte = bytes[at] ?? 0;
        if (QUOTES.has(byte)) this.#quote = byte;
        at += 1;
      }
    }
    if (at !== null) this.#next = at;
    return null;
  }

  /** Index after the closing quote. Without one: the end, or null for an escape whose second byte is not there yet. */
  #skipQuoted(bytes: Buffer, from: number): number | null {
    for (let at = from; at < bytes.length; at += 1) {
      if (bytes[at] === this.#quote) {
        // A doubled quote closes and opens again: the same in effect.
        this.#quote = 0;
        return at + 1;
      }
      if (bytes[at] === BACKSLASH && this.#quote !== BACKTICK) {
        if (at + 1 === bytes.length) {
          this.#next = at;
          return null;
        }
        at += 1;
      }
    }
    return bytes.length;
  }

  #endStatement(bytes: Buffer, end: number): Buffer {
    this.#next = 0;
    this.#begun = false;
    const text = end < SHORT_STATEMENT_BYTES ? statementText(bytes.subarray(0, end)) : "";
    const mode = text === PROGRAM_START ? "program" : ROWS_START.test(text) ? "rows" : "statements";
    // The mark at a section's end begins with a line end, and a section may be empty: the line end before it belongs to it.
    const cut = mode === "statements" ? end : end - 1;
    this.parts.statement(bytes.subarray(0, cut));
    this.#mode = mode;
    this.#firstOfProgram = mode === "program";
    return bytes.subarray(cut);
  }

  #emit(piece: Buffer): void {
    if (piece.length === 0) return;
    if (this.#mode === "rows") return this.parts.rows(piece);
    this.parts.program(piece, this.#firstOfProgram);
    this.#firstOfProgram = false;
  }

  #passUntilMark(bytes: Buffer): Buffer | null {
    const end = this.#mode === "rows" ? findEnd(bytes, ROWS_END, 1) : findEnd(bytes, PROGRAM_END, PROGRAM_END.length);
    const next = this.#mode === "program" ? findEnd(bytes, NEXT_PROGRAM, NEXT_PROGRAM.length) : null;
    if (next !== null && (end === null || next < end)) {
      this.#emit(bytes.subarray(0, next - 1));
      this.#firstOfProgram = true;
      return bytes.subarray(next - 1);
    }
    if (end !== null) {
      this.#emit(bytes.subarray(0, end));
      this.#mode = "statements";
      return bytes.subarray(end);
    }
    const marks = this.#mode === "rows" ? [ROWS_END] : [PROGRAM_END, NEXT_PROGRAM];
    const kept = Math.max(...marks.map((mark) => tailThatMayBe(mark, bytes)));
    this.#emit(bytes.subarray(0, bytes.length - kept));
    return this.#hold(bytes.subarray(bytes.length - kept));
  }
}

/** Index `length` bytes into the first `mark`, or null. */
function findEnd(bytes: Buffer, mark: Buffer, length: number): number | null {
  const found = bytes.indexOf(mark);
  return found < 0 ? null : found + length;
}

/** After white space, a comment line or the sandbox line at `at`; null when its end is not there yet. */
function skipTrivia(bytes: Buffer, at: number): number | null {
  const byte = bytes[at];
  if (byte === NEWLINE || byte === 0x20) return at + 1;
  if (byte !== DASH && byte !== SLASH) return at;
  if (byte === DASH) return lineEnd(bytes, at);
  const sandbox = "/*M!999999";
  const head = bytes.toString("latin1", at, at + sandbox.length);
  if (head === sandbox) return lineEnd(bytes, at);
  return sandbox.startsWith(head) && at + sandbox.length > bytes.length ? null : at;
}

function lineEnd(bytes: Buffer, at: number): number | null {
  const end = bytes.indexOf(NEWLINE, at);
  return end < 0 ? null : end + 1;
}

/** How many bytes at the end of `bytes` may be the beginning of `mark`. */
function tailThatMayBe(mark: Buffer, bytes: Buffer): number {
  for (let length = Math.min(mark.length - 1, bytes.length); length > 0; length -= 1) {
    if (bytes.subarray(bytes.length - length).equals(mark.subarray(0, length))) return length;
  }
  return 0;
}
