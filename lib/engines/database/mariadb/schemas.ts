import type { Session } from "./connect";
import { textOf } from "./connect";

/** The server's own: they are made with a server, never restored into one. */
const SYSTEM_SCHEMAS = "'information_schema', 'mysql', 'performance_schema', 'sys'";

/** `(?, …, NULL)` with its values, for an IN (never NOT IN) over a list that may be empty. */
export function listOf(values: readonly string[]): { sql: string; values: string[] } {
  return {
    sql: `(${[...values, null].map((value) => (value === null ? "NULL" : "?")).join(", ")})`,
    values: [...values],
  };
}

/** Schemas of the applications, in order of name. */
export async function listSchemas(session: Session): Promise<string[]> {
  const rows = await session.rows(
    "list the schemas",
    `SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name NOT IN (${SYSTEM_SCHEMAS}) ORDER BY schema_name`,
  );
  return rows.map((row) => textOf(row, "name") ?? "");
}
