import type { ObjectCounts } from "../port";
import { type Session, numberOf } from "./connect";
import { listOf } from "./schemas";

export interface SchemaCounts extends ObjectCounts {
  tables: number;
}

/** How many objects of each kind the schemas hold, as far as the account may see them. */
export async function countObjects(session: Session, schemas: readonly string[]): Promise<SchemaCounts> {
  const list = listOf(schemas);
  const count = (from: string, column: string, and = "") =>
    `(SELECT COUNT(*) FROM information_schema.${from} WHERE ${column} IN ${list.sql} ${and})`;
  const [row] = await session.rows(
    "count the schemas' objects",
    `SELECT ${count("tables", "table_schema", "AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')")} AS tables,
      ${count("tables", "table_schema", "AND table_type = 'SEQUENCE'")} AS sequences,
      ${count("tables", "table_schema", "AND table_type = 'VIEW'")} AS views,
      ${count("triggers", "event_object_schema")} AS triggers,
      ${count("routines", "routine_schema")} AS routines,
      ${count("events", "event_schema")} AS events`,
    Array.from({ length: 6 }, () => list.values).flat(),
  );
  return {
    tables: numberOf(row, "tables"),
    sequences: numberOf(row, "sequences"),
    views: numberOf(row, "views"),
    triggers: numberOf(row, "triggers"),
    routines: numberOf(row, "routines"),
    events: numberOf(row, "events"),
  };
}
