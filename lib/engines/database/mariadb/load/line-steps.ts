import type { RowTextSink } from "./row-text";

/** Where lines go. */
export interface LinesTarget {
  into: string;
  /** The table comes out the same whichever of its rows are inserted first: others may be inserted beside them. */
  inAnyOrder: boolean;
}

/** Rows of a table as lines for LOAD DATA. */
export type LineStep =
  /** Lines follow; `into` is what stands behind the file's name in the statement. */
  | ({ kind: "begin-lines" } & LinesTarget)
  | { kind: "lines"; bytes: Buffer }
  /** `rows` is how many lines there were since they began. */
  | { kind: "end-lines"; rows: number };

export interface LineStepsOptions extends LinesTarget {
  /** One LOAD DATA ends after the first statement of the dump with which it has taken so many bytes. */
  linesBytes: number;
  emit(step: LineStep): void;
}

/** Makes steps of a table's lines, several LOAD DATA where they are many. */
export class LineSteps implements RowTextSink {
  #isOpen = false;
  #bytes = 0;
  /** Rows that were there when the current one began, and those that are there now. */
  #before = 0;
  #rows = 0;

  constructor(private readonly options: LineStepsOptions) {}

  lines(piece: Buffer): void {
    const { emit, into, inAnyOrder } = this.options;
    if (!this.#isOpen) emit({ kind: "begin-lines", into, inAnyOrder });
    this.#isOpen = true;
    this.#bytes += piece.length;
    emit({ kind: "lines", bytes: piece });
  }

  statementEnd(rows: number): void {
    this.#rows = rows;
    if (this.#bytes >= this.options.linesBytes) this.end();
  }

  /** No more lines of this table. */
  end(): void {
    if (!this.#isOpen) return;
    this.options.emit({ kind: "end-lines", rows: this.#rows - this.#before });
    this.#isOpen = false;
    this.#bytes = 0;
    this.#before = this.#rows;
  }
}
