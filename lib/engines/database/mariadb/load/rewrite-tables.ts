import { DumpSplitter, statementText } from "../dump/split-dump";
import {
  type TableDefinition,
  formatTableDefinition,
  hasPrimaryKey,
  keyColumns,
  parseTableDefinition,
  unquoteName,
} from "../dump/table-definition";
import { quoteName } from "../server/initialize-data-directory";

/** What the loader does next, in order. */
export type LoadStep =
  | { kind: "sql"; bytes: Buffer }
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

/** Below this a table's keys cost less than building them again. */
const LARGE_TABLE_BYTES = 2 ** 20;

const USE = /^USE `((?:[^`]|``)+)`;$/;
const CREATE = /^CREATE TABLE `/;
const ROWS_END = /^\/\*!40000 ALTER TABLE [^]* ENABLE KEYS \*\/;$/;

/** A table whose CREATE is held back until it is known to be large or small. */
interface HeldTable {
  definition: TableDefinition;
  /** As it came, for a table whose keys stay. */
  bytes: Buffer;
  pieces: Buffer[];
  rowBytes: number;
}

/** Whether secondary keys may be built after the rows without any difference: only for kinds of table that are shown by tests to come out equal. */
export function canDeferKeys(definition: TableDefinition): boolean {
  const { columns, keys, tail } = definition;
  if (keys.length === 0 || !hasPrimaryKey(definition) || !tail.startsWith(") ENGINE=InnoDB")) return false;
  if (/WITH SYSTEM VERSIONING|PARTITION BY/.test(tail)) return false;
  if (columns.some((column) => column.startsWith("PERIOD FOR") || / VIRTUAL\b/.test(column))) return false;
  if (!keys.every((key) => /^(?:UNIQUE )?KEY /.test(key) && !/ USING HASH| WITHOUT OVERLAPS/.test(key))) return false;
  const primary = columns.find((column) => column.startsWith("PRIMARY KEY")) ?? "";
  const first = `${quoteName(keyColumns(primary)[0] ?? "")} `;
  // A counter needs a key of its own from the start.
  return columns.filter((column) => / AUTO_INCREMENT\b/.test(column)).every((column) => column.startsWith(first));
}

function alter(definition: TableDefinition, clauses: readonly string[]): string {
  return `ALTER TABLE ${quoteName(definition.name)} ${clauses.map((clause) => `ADD ${clause}`).join(", ")}`;
}

/**
 * Changes a dump on its way into a server, so that it loads faster and comes out equal: secondary keys of large tables after their rows,
 * foreign keys after all tables. A statement that is not understood to the last line goes through as it is.
 */
export class TableRewriter {
  readonly #splitter: DumpSplitter;
  readonly #late: LateConstraint[] = [];
  #steps: LoadStep[] = [];
  #schema = "";
  #held: HeldTable | null = null;
  /** The large table whose rows go by. */
  #rewritten: TableDefinition | null = null;

  constructor(private readonly largeTableBytes = LARGE_TABLE_BYTES) {
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

  #emit(bytes: Buffer): void {
    if (this.#held) {
      // A copy: what is held outlives the chunk that it lies in.
      this.#held.pieces.push(Buffer.from(bytes));
      return;
    }
    this.#steps.push({ kind: "sql", bytes });
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
    if (!canDeferKeys(definition)) return this.#emit(kept);
    // A copy: it outlives the chunk that it lies in.
    this.#held = { definition, bytes: Buffer.from(kept), pieces: [], rowBytes: 0 };
  }

  #takeForeignKeys(definition: TableDefinition): TableDefinition {
    if (definition.foreignKeys.length === 0) return definition;
    this.#late.push({ schema: this.#schema, table: definition.name, sql: alter(definition, definition.foreignKeys) });
    return { ...definition, foreignKeys: [] };
  }

  #rows(piece: Buffer): void {
    const held = this.#held;
    if (held) {
      held.rowBytes += piece.length;
      if (held.rowBytes >= this.largeTableBytes) this.#rewrite(held);
    }
    this.#emit(piece);
  }

  /** The table is large: it goes out without its keys, and its rows are held no longer. */
  #rewrite(held: HeldTable): void {
    this.#held = null;
    this.#rewritten = held.definition;
    this.#emit(Buffer.from(`\n${formatTableDefinition({ ...held.definition, keys: [] })}\n`));
    for (const piece of held.pieces) this.#emit(piece);
  }

  #endRows(bytes: Buffer): void {
    this.#release();
    this.#emit(bytes);
    const definition = this.#rewritten;
    this.#rewritten = null;
    if (!definition) return;
    this.#steps.push({
      kind: "keys",
      schema: this.#schema,
      table: definition.name,
      sql: alter(definition, definition.keys),
    });
  }

  /** The table is small: it goes out as it came. */
  #release(): void {
    const held = this.#held;
    if (!held) return;
    this.#held = null;
    this.#emit(held.bytes);
    for (const piece of held.pieces) this.#emit(piece);
  }
}
