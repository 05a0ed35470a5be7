import { type Session, numberOf, textOf } from "../connect";
import { listOf } from "../schemas";

/** A column that may be a hazard: FLOAT, ENUM, or the start of a row's history. */
export interface OddColumn {
  name: string;
  /** `float`, `enum`, …, as information_schema names it. */
  dataType: string;
  /** With its members or digits. */
  columnType: string;
  isRowStart: boolean;
}

export interface CatalogueTable {
  schema: string;
  name: string;
  kind: "table" | "versioned" | "sequence";
  engine: string;
  isTransactional: boolean;
  /** An estimate of the server's. */
  rows: number;
  /** A primary key, or a unique one without NULL: a row is found by it. */
  hasUniqueKey: boolean;
  oddColumns: OddColumn[];
}

const KINDS: Record<string, CatalogueTable["kind"]> = {
  "BASE TABLE": "table",
  "SYSTEM VERSIONED": "versioned",
  SEQUENCE: "sequence",
};

type ByTable<T> = Map<string, T>;

function keyOf(schema: string | null, table: string | null): string {
  return JSON.stringify([schema, table]);
}

async function readUniqueKeys(session: Session, schemas: readonly string[]): Promise<ByTable<true>> {
  const list = listOf(schemas);
  const rows = await session.rows(
    "list the unique keys",
    `SELECT table_schema AS s, table_name AS t FROM information_schema.statistics
      WHERE table_schema IN ${list.sql} AND non_unique = 0 GROUP BY table_schema, table_name, index_name HAVING SUM(nullable = 'YES') = 0`,
    list.values,
  );
  return new Map(rows.map((row) => [keyOf(textOf(row, "s"), textOf(row, "t")), true]));
}

async function readOddColumns(session: Session, schemas: readonly string[]): Promise<ByTable<OddColumn[]>> {
  const list = listOf(schemas);
  const rows = await session.rows(
    "list the columns of unusual types",
    `SELECT table_schema AS s, table_name AS t, column_name AS name, data_type AS data, column_type AS type, generation_expression <=> 'ROW START' AS start
      FROM information_schema.columns WHERE table_schema IN ${list.sql}
      AND (data_type IN ('float', 'enum') OR generation_expression = 'ROW START') ORDER BY table_schema, table_name, ordinal_position`,
    list.values,
  );
  const columns: ByTable<OddColumn[]> = new Map();
  for (const row of rows) {
    const key = keyOf(textOf(row, "s"), textOf(row, "t"));
    const column = {
      name: textOf(row, "name") ?? "",
      dataType: textOf(row, "data") ?? "",
      columnType: textOf(row, "type") ?? "",
      isRowStart: numberOf(row, "start") === 1,
    };
    columns.set(key, [...(columns.get(key) ?? []), column]);
  }
  return columns;
}

/** All tables and sequences of the schemas, in order of name. One look at each of the server's lists, whatever the number of tables. */
export async function readCatalogue(session: Session, schemas: readonly string[]): Promise<CatalogueTable[]> {
  const list = listOf(schemas);
  const engines = await session.rows(
    "list the storage engines",
    "SELECT engine AS name FROM information_schema.engines WHERE transactions = 'YES'",
  );
  const transactional = new Set(engines.map((row) => textOf(row, "name")));
  const rows = await session.rows(
    "list the tables",
    `SELECT table_schema AS s, table_name AS t, table_type AS type, engine AS engine, table_rows AS n FROM information_schema.tables
      WHERE table_schema IN ${list.sql} AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE') ORDER BY table_schema, table_name`,
    list.values,
  );
  const keys = await readUniqueKeys(session, schemas);
  const columns = await readOddColumns(session, schemas);
  return rows.map((row) => {
    const [schema, name, engine] = [textOf(row, "s") ?? "", textOf(row, "t") ?? "", textOf(row, "engine") ?? "unknown"];
    const key = keyOf(schema, name);
    return {
      schema,
      name,
      kind: KINDS[textOf(row, "type") ?? ""] ?? "table",
      engine,
      isTransactional: transactional.has(engine),
      rows: numberOf(row, "n"),
      hasUniqueKey: keys.has(key),
      oddColumns: columns.get(key) ?? [],
    };
  });
}
