import type { Hazard } from "../../port";
import { type Row, type Session, numberOf, textOf } from "../connect";
import { listOf } from "../schemas";
import { isAtLeast, type ServerVersion } from "./server-version";

/** Engines whose rows lie elsewhere: the dump holds the table's definition alone. */
const ROWS_ELSEWHERE = ["MRG_MyISAM", "FEDERATED", "CONNECT", "OQGRAPH", "SPIDER", "VP", "S3"];
const USE_PHYSICAL = "Choose the method `physical` for this system: it carries the files themselves.";
const TABLES = "table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')";

function objectOf(row: Row): string {
  return `${textOf(row, "s") ?? ""}.${textOf(row, "t") ?? ""}`;
}

async function findFloatColumns(session: Session, schemas: readonly string[]): Promise<Hazard[]> {
  const list = listOf(schemas);
  const rows = await session.rows(
    "look for FLOAT columns",
    `SELECT c.table_schema AS s, c.table_name AS t, GROUP_CONCAT(c.column_name ORDER BY c.ordinal_position SEPARATOR ', ') AS names
      FROM information_schema.columns c JOIN information_schema.tables USING (table_schema, table_name)
      WHERE c.data_type = 'float' AND ${TABLES} AND c.table_schema IN ${list.sql} GROUP BY 1, 2 ORDER BY 1, 2`,
    list.values,
  );
  return rows.map((row) => ({
    id: "float-column",
    effect: "lossy",
    object: objectOf(row),
    message: `table "${objectOf(row)}" has FLOAT columns (${textOf(row, "names") ?? ""}): SQL text carries 6 digits of their values`,
    hint: USE_PHYSICAL,
  }));
}

/** Members of an ENUM as information_schema prints it. */
export function enumHasEmptyMember(columnType: string): boolean {
  return /^enum\((?:'(?:[^']|'')*',)*''[,)]/i.test(columnType);
}

async function findEnumColumns(session: Session, schemas: readonly string[]): Promise<Hazard[]> {
  const list = listOf(schemas);
  const rows = await session.rows(
    "look for ENUM columns with an empty member",
    `SELECT c.table_schema AS s, c.table_name AS t, c.column_name AS name, c.column_type AS type
      FROM information_schema.columns c JOIN information_schema.tables USING (table_schema, table_name)
      WHERE c.data_type = 'enum' AND c.column_type LIKE '%\\'\\'%' AND ${TABLES} AND c.table_schema IN ${list.sql} ORDER BY 1, 2, c.ordinal_position`,
    list.values,
  );
  return rows
    .filter((row) => enumHasEmptyMember(textOf(row, "type") ?? ""))
    .map((row) => ({
      id: "enum-empty-and-zero",
      effect: "lossy",
      object: `${objectOf(row)}.${textOf(row, "name") ?? ""}`,
      message: `column "${objectOf(row)}.${textOf(row, "name") ?? ""}" has the empty string as a member: the invalid value 0 comes back as that member`,
      hint: USE_PHYSICAL,
    }));
}

async function findEngines(session: Session, schemas: readonly string[]): Promise<Hazard[]> {
  const list = listOf(schemas);
  const rows = await session.rows(
    "look for non-transactional tables",
    `SELECT t.table_schema AS s, t.table_name AS t, t.engine AS engine
      FROM information_schema.tables t LEFT JOIN information_schema.engines e ON e.engine = t.engine
      WHERE ${TABLES} AND COALESCE(e.transactions, 'NO') <> 'YES' AND t.table_schema IN ${list.sql} ORDER BY 1, 2`,
    list.values,
  );
  return rows.map((row) => {
    const [object, engine] = [objectOf(row), textOf(row, "engine") ?? "unknown"];
    return ROWS_ELSEWHERE.includes(engine)
      ? {
          id: "rows-elsewhere",
          effect: "omit",
          object,
          message: `table "${object}" (${engine}) keeps its rows elsewhere: the dump holds its definition alone`,
          hint: "Is the place where its rows lie backed up as a system of its own?",
        }
      : {
          id: "non-transactional-table",
          effect: "warn",
          object,
          message: `table "${object}" (${engine}) is not transactional: a row that is written to it during a dump makes the dump useless for a replay`,
          hint: `ALTER TABLE … ENGINE = InnoDB, or let nothing write to it during the dump.`,
        };
  });
}

async function findTablesWithoutKey(session: Session, schemas: readonly string[]): Promise<Hazard[]> {
  const list = listOf(schemas);
  const rows = await session.rows(
    "look for tables without a primary key",
    `SELECT t.table_schema AS s, t.table_name AS t, t.table_rows AS n FROM information_schema.tables t
      WHERE ${TABLES} AND t.table_schema IN ${list.sql} AND NOT EXISTS (
        SELECT 1 FROM information_schema.statistics k WHERE k.table_schema = t.table_schema AND k.table_name = t.table_name AND k.non_unique = 0
        GROUP BY k.index_name HAVING SUM(k.nullable = 'YES') = 0) ORDER BY 1, 2`,
    list.values,
  );
  return rows.map((row) => ({
    id: "no-primary-key",
    effect: "warn",
    object: objectOf(row),
    message: `table "${objectOf(row)}" has no primary key and about ${numberOf(row, "n")} rows: a replay looks through all of them for each row that changed`,
    hint: "Give it a primary key; an invisible AUTO_INCREMENT column does.",
  }));
}

async function findHistories(session: Session, schemas: readonly string[], version: ServerVersion): Promise<Hazard[]> {
  const list = listOf(schemas);
  const rows = await session.rows(
    "look for tables with a history",
    `SELECT t.table_schema AS s, t.table_name AS t, EXISTS (
        SELECT 1 FROM information_schema.columns c WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name
        AND c.generation_expression = 'ROW START' AND c.data_type = 'bigint') AS by_transaction
      FROM information_schema.tables t WHERE t.table_type = 'SYSTEM VERSIONED' AND t.table_schema IN ${list.sql} ORDER BY 1, 2`,
    list.values,
  );
  return rows.flatMap((row) => historyHazard(objectOf(row), numberOf(row, "by_transaction") === 1, version));
}

/** What a dump does with the history of a system-versioned table. */
export function historyHazard(object: string, byTransaction: boolean, version: ServerVersion): Hazard[] {
  if (byTransaction) {
    const message = `table "${object}" keeps its history by transaction number, which MariaDB's dump refuses`;
    return [{ id: "history-not-dumped", effect: "refuse", object, message, hint: USE_PHYSICAL }];
  }
  if (isAtLeast(version, 10, 11)) return [];
  const message = `table "${object}" loses its history: MariaDB dumps it from 10.11 on`;
  return [{ id: "history-not-dumped", effect: "lossy", object, message, hint: USE_PHYSICAL }];
}

async function findSequences(session: Session, schemas: readonly string[]): Promise<Hazard[]> {
  const list = listOf(schemas);
  const rows = await session.rows(
    "look for sequences",
    `SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_type = 'SEQUENCE' AND table_schema IN ${list.sql} ORDER BY 1, 2`,
    list.values,
  );
  return rows.map((row) => ({
    id: "sequence-cache",
    effect: "warn",
    object: objectOf(row),
    message: `sequence "${objectOf(row)}" goes on after the values that the server had reserved: up to its cache's size is skipped, none comes twice`,
    hint: "Nothing need be done unless the application expects numbers without gaps.",
  }));
}

/** What tables make a backup worse than it looks, table by table. */
export async function findTableHazards(session: Session, schemas: readonly string[], version: ServerVersion): Promise<Hazard[]> {
  return [
    ...(await findFloatColumns(session, schemas)),
    ...(await findEnumColumns(session, schemas)),
    ...(await findEngines(session, schemas)),
    ...(await findTablesWithoutKey(session, schemas)),
    ...(await findHistories(session, schemas, version)),
    ...(await findSequences(session, schemas)),
  ];
}
