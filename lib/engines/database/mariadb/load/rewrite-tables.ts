import { DumpSplitter, statementText } from "../dump/split-dump";
import {
  type TableDefinition,
  formatTableDefinition,
  parseTableDefinition,
  unquoteName,
} from "../dump/table-definition";
import { quoteName } from "../server/initialize-data-directory";
import { LineSteps, type LineStep } from "./line-steps";
import { RowText, insertHeader } from "./row-text";
import { type DumpCharacterSet, canDeferKeys, canLoadInParts, canLoadText } from "./table-kinds";

/** What the loader does next, in order. */
export type LoadStep =
  | { kind: "sql"; bytes: Buffer }
  | LineStep
  /** The rows of a table are in: its secondary keys may be built, beside the rows of the next one. */
  | { kind: "keys"; schema: string; table: string; sql: string }
  /** Everything that was put off must be done first: the next table names foreign keys that could not be taken out. */
  | { kind: "wait" };

/** A constraint that is added when every table has its rows and keys. */
export interface LateConstraint {
  schema: string;
  table: string;
  sql: string;
}

export interface RewriteOptions {
  /** Tables with fewer bytes of rows go through as they came: what would be won costs more. */
  largeTableBytes?: number | undefined;
  /** Whether the server can read lines from this machine; else rows stay INSERT statements. */
  asLines?: boolean;
  /** A LOAD DATA is ended and another begun after that many bytes of lines. */
  linesBytes?: number | undefined;
}

const LARGE_TABLE_BYTES = 2 ** 20;
/** One LOAD DATA is one transaction, and InnoDB notes each of its rows for a rollback in a file that never shrinks. */
const LINES_BYTES = 64 * 2 ** 20;
/** Each part of a table whose parts go in side by side waits whole in memory for a connection. */
const PART_BYTES = 8 * 2 ** 20;

const USE = /^USE `((?:[^`]|``)+)`;$/;
const NAMES = /^\/\*!\d+ SET NAMES (\w+) \*\/;$/;
const CREATE = /^CREATE TABLE `/;
const ROWS_END = /^\/\*!40000 ALTER TABLE [^]* ENABLE KEYS \*\/;$/;

/** A table whose CREATE is held back until it is known to be large or small. */
interface HeldTable {
  definition: TableDefinition;
  defersKeys: boolean;
  /** As it came, for a table whose keys stay. */
  bytes: Buffer;
  pieces: { bytes: Buffer; isRows: boolean }[];
  rowBytes: number;
}

/** The large table whose rows go by. */
interface LargeTable {
  definition: TableDefinition;
  defersKeys: boolean;
  lines: TableText | null;
}

/** Makes lines of its rows, and steps of the lines. */
interface TableText {
  text: RowText;
  steps: LineSteps;
}

function startsLike(bytes: Buffer, text: string): boolean {
  const start = Buffer.from(text);
  return bytes.subarray(0, start.length).equals(start);
}

function alter(definition: TableDefinition, clauses: readonly string[]): string {
  return `ALTER TABLE ${quoteName(definition.name)} ${clauses.map((clause) => `ADD ${clause}`).join(", ")}`;
}

/**
 * Changes a dump on its way into a server, so that it loads faster and comes out equal: secondary keys of large tables after their rows,
 * foreign keys after all tables, rows as lines for LOAD DATA. A statement that is not understood to the last line goes through as it is.
 */
export class TableRewriter {
  readonly #splitter: DumpSplitter;
  readonly #late: LateConstraint[] = [];
  readonly #largeTableBytes: number;
  readonly #linesBytes: number;
  readonly #asLines: boolean;
  #steps: LoadStep[] = [];
  #schema = "";
  #characterSet: DumpCharacterSet | null = null;
  #held: HeldTable | null = null;
  #large: LargeTable | null = null;

  constructor(options: RewriteOptions = {}) {
    this.#largeTableBytes = options.largeTableBytes ?? LARGE_TABLE_BYTES;
    this.#linesBytes = options.linesBytes ?? LINES_BYTES;
    this.#asLines = options.asLines ?? false;
    this.#splitter = new DumpSplitter({
      statement: (bytes) => this.#statement(bytes),
      program: (piece) => this.#emit(piece),
      rows: (piece) => this.#rows(piece),
    });
  }

  /** @throws MalformedDumpError */
  push(chunk: Buffer): LoadStep[] {
    this.#splitter.push(chunk);
    return this.#takeSteps();
  }

  /** @throws MalformedDumpError where the dump is cut. */
  end(): { steps: LoadStep[]; constraints: LateConstraint[] } {
    this.#splitter.end();
    this.#release();
    return { steps: this.#takeSteps(), constraints: this.#late };
  }

  #takeSteps(): LoadStep[] {
    const steps = this.#steps;
    this.#steps = [];
    return steps;
  }

  #emit(bytes: Buffer, isRows = false): void {
    if (this.#held) {
      // A copy: what is held outlives the chunk that it lies in.
      this.#held.pieces.push({ bytes: Buffer.from(bytes), isRows });
      return;
    }
    const lines = isRows ? this.#large?.lines : null;
    if (lines) lines.text.push(bytes);
    else this.#steps.push({ kind: "sql", bytes });
  }

  #statement(bytes: Buffer): void {
    const text = statementText(bytes);
    if (ROWS_END.test(text)) return this.#endRows(bytes);
    if (CREATE.test(text)) return this.#create(bytes, text);
    const use = USE.exec(text);
    if (use) {
      this.#release();
      this.#schema = unquoteName(use[1] ?? "");
    }
    const names = NAMES.exec(text)?.[1];
    if (names) this.#characterSet = names === "binary" || names === "utf8mb4" ? names : null;
    this.#emit(bytes);
  }

  #create(bytes: Buffer, text: string): void {
    this.#release();
    const parsed = parseTableDefinition(text);
    if (!parsed) {
      if (text.includes("FOREIGN KEY")) this.#steps.push({ kind: "wait" });
      return this.#emit(bytes);
    }
    const definition = this.#takeForeignKeys(parsed);
    const kept = definition === parsed ? bytes : Buffer.from(`\n${formatTableDefinition(definition)}\n`);
    const defersKeys = canDeferKeys(definition);
    if (!defersKeys && !this.#takesLines(definition)) return this.#emit(kept);
    // A copy: it outlives the chunk that it lies in.
    this.#held = { definition, defersKeys, bytes: Buffer.from(kept), pieces: [], rowBytes: 0 };
  }

  #takesLines(definition: TableDefinition): boolean {
    return this.#asLines && this.#characterSet !== null && canLoadText(definition, this.#characterSet);
  }

  #takeForeignKeys(definition: TableDefinition): TableDefinition {
    if (definition.foreignKeys.length === 0) return definition;
    this.#late.push({ schema: this.#schema, table: definition.name, sql: alter(definition, definition.foreignKeys) });
    return { ...definition, foreignKeys: [] };
  }

  #rows(piece: Buffer): void {
    this.#emit(piece, true);
    const held = this.#held;
    if (!held) return;
    held.rowBytes += piece.length;
    // Beyond the first INSERT's start, which tells whether its rows name their columns.
    const header = Buffer.byteLength(insertHeader(quoteName(held.definition.name)));
    if (held.rowBytes >= this.#largeTableBytes && held.rowBytes > header) this.#rewrite(held);
  }

  /** The table is large: it goes out without its keys, and its rows are held no longer. */
  #rewrite({ definition, defersKeys, bytes, pieces }: HeldTable): void {
    this.#held = null;
    this.#emit(defersKeys ? Buffer.from(`\n${formatTableDefinition({ ...definition, keys: [] })}\n`) : bytes);
    for (const piece of pieces) if (!piece.isRows) this.#emit(piece.bytes);
    const rows = Buffer.concat(pieces.filter(({ isRows }) => isRows).map((piece) => piece.bytes));
    // Rows that name their columns leave some out: these stay INSERT statements.
    const takesLines =
      this.#takesLines(definition) && startsLike(rows, `\n${insertHeader(quoteName(definition.name))}`);
    this.#large = { definition, defersKeys, lines: takesLines ? this.#toLines(definition) : null };
    this.#emit(rows, true);
  }

  #toLines(definition: TableDefinition): TableText {
    const name = quoteName(definition.name);
    const inAnyOrder = canLoadInParts(definition);
    const steps = new LineSteps({
      into: `INTO TABLE ${name} CHARACTER SET ${this.#characterSet}`,
      inAnyOrder,
      linesBytes: inAnyOrder ? Math.min(this.#linesBytes, PART_BYTES) : this.#linesBytes,
      emit: (step) => this.#steps.push(step),
    });
    return { text: new RowText(name, steps), steps };
  }

  #endRows(bytes: Buffer): void {
    this.#release();
    const large = this.#large;
    this.#large = null;
    large?.lines?.text.end();
    large?.lines?.steps.end();
    this.#emit(bytes);
    if (!large?.defersKeys) return;
    const { definition } = large;
    const sql = alter(definition, definition.keys);
    this.#steps.push({ kind: "keys", schema: this.#schema, table: definition.name, sql });
  }

  /** The table is small: it goes out as it came. */
  #release(): void {
    const held = this.#held;
    if (!held) return;
    this.#held = null;
    this.#emit(held.bytes);
    for (const { bytes } of held.pieces) this.#emit(bytes);
  }
}
