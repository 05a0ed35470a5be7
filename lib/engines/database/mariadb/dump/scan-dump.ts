import { createHash } from "node:crypto";
import type { LogPosition, ObjectCounts, TableFacts } from "../../port";
import { FooterWatch } from "./footer-watch.ts";
import { RowDigest } from "./row-digest.ts";
import { DumpSplitter, statementText } from "./split-dump.ts";
import { comesInOrder, comparableDefinition, parseTableDefinition, unquoteName } from "./table-definition.ts";

export interface ScannedDump {
  /** Null where the dump names none: the server keeps no log, or the account may not read it. */
  position: LogPosition | null;
  tables: TableFacts[];
  counts: ObjectCounts;
}

const POSITION = /^-- CHANGE MASTER TO MASTER_LOG_FILE='([^']+)', MASTER_LOG_POS=(\d+);$/m;
const GTID = /^-- SET GLOBAL gtid_slave_pos='([^']*)';$/m;
const EMPTY_SHA256 = createHash("sha256").digest("hex");

const STATEMENTS = {
  use: /^USE `((?:[^`]|``)+)`;$/,
  table: /^CREATE TABLE `((?:[^`]|``)+)` \(/,
  sequence: /^CREATE SEQUENCE `/,
  view: /^\/\*!50001 CREATE ALGORITHM/,
  routine: /^\/\*!50003 DROP (?:FUNCTION|PROCEDURE|PACKAGE|PACKAGE BODY) IF EXISTS /,
  event: /^\/\*!50106 DROP EVENT IF EXISTS /,
} as const;

type ProgramKind = "triggers" | "routines" | "events";

/** Reads a dump while it streams by: its position, every table's rows, and whether it is whole. */
export class DumpScanner {
  readonly #splitter: DumpSplitter;
  readonly #tables: TableFacts[] = [];
  readonly #counts: ObjectCounts = { views: 0, triggers: 0, routines: 0, events: 0, sequences: 0 };
  #schema = "";
  #file: { file: string; offset: number } | null = null;
  #gtid: string | null = null;
  /** What the next stored program is, or those that go by are; a trigger has no DROP before it. */
  #programKind: ProgramKind = "triggers";
  #isInProgram = false;
  #rows: RowDigest | null = null;
  #inOrder = false;
  readonly #footer = new FooterWatch();

  constructor() {
    this.#splitter = new DumpSplitter({
      statement: (text) => this.#statement(text),
      program: (_piece, first) => {
        if (first) this.#program();
      },
      rows: (piece) => {
        this.#rows ??= new RowDigest(this.#inOrder);
        this.#rows.push(piece);
      },
    });
  }

  /** @throws MalformedDumpError */
  push(chunk: Buffer): void {
    this.#splitter.push(chunk);
    this.#footer.push(chunk);
  }

  /** @throws MalformedDumpError where the dump ends before its footer, or inside something. */
  end(): ScannedDump {
    this.#footer.end();
    this.#splitter.end();
    this.#closeRows();
    const position = this.#file ? { ...this.#file, gtid: this.#gtid ?? "" } : null;
    return { position, tables: this.#tables, counts: this.#counts };
  }

  #program(): void {
    this.#counts[this.#programKind] += 1;
    this.#isInProgram = true;
  }

  #statement(bytes: Buffer): void {
    this.#closeRows();
    if (this.#isInProgram) this.#programKind = "triggers";
    this.#isInProgram = false;
    // The two lines stand in comments: before the first statement of the first schema, and after the last.
    if (this.#schema === "" || bytes.includes("gtid_slave_pos=")) this.#readPosition(bytes.toString("utf8"));
    const text = statementText(bytes);
    const use = STATEMENTS.use.exec(text);
    if (use) this.#schema = unquoteName(use[1] ?? "");
    else if (STATEMENTS.table.test(text)) this.#openTable(text);
    else if (STATEMENTS.sequence.test(text)) this.#counts.sequences += 1;
    else if (STATEMENTS.view.test(text)) this.#counts.views += 1;
    else if (STATEMENTS.routine.test(text)) this.#programKind = "routines";
    else if (STATEMENTS.event.test(text)) this.#programKind = "events";
  }

  #readPosition(text: string): void {
    const position = POSITION.exec(text);
    if (position) this.#file ??= { file: position[1] ?? "", offset: Number(position[2]) };
    const gtid = GTID.exec(text);
    if (gtid) this.#gtid = gtid[1] ?? "";
  }

  #openTable(text: string): void {
    const definition = parseTableDefinition(text);
    const table = unquoteName(STATEMENTS.table.exec(text)?.[1] ?? "");
    this.#inOrder = definition !== null && comesInOrder(definition);
    const definitionSha256 = createHash("sha256").update(comparableDefinition(text)).digest("hex");
    this.#tables.push({ schema: this.#schema, table, rows: 0, sha256: EMPTY_SHA256, definitionSha256 });
  }

  #closeRows(): void {
    const rows = this.#rows?.facts();
    const table = this.#tables.at(-1);
    if (!rows || !table) return;
    this.#rows = null;
    if (rows.rows > 0) Object.assign(table, rows);
  }
}
