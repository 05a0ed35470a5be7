import type { Session } from "./connect";
import { unquoteName } from "./dump/table-definition";

/** What an account may do, as SHOW GRANTS tells it: its own rights, those of its active roles and of PUBLIC. */
export interface Rights {
  hasGlobal(right: string): boolean;
  /** Globally or on the whole schema. A right on single tables is none: what it does not cover would be left out without a word. */
  hasOnSchema(right: string, schema: string): boolean;
  /** On everything, the schema or this one table. */
  hasOnTable(right: string, schema: string, table: string): boolean;
}

interface Grant {
  rights: Set<string>;
  /** Null for all schemas; with the wildcards of GRANT (`%`, `_`, `\_`). */
  schema: string | null;
  /** Null for the whole schema. */
  table: string | null;
}

const GRANT = /^GRANT (.+?) ON (?:TABLE )?(\*|`(?:[^`]|``)+`)\.(\*|`(?:[^`]|``)+`) TO /;
/** Other names of the same right in older and newer servers. */
const SAME: Record<string, string> = { "REPLICATION CLIENT": "BINLOG MONITOR", "ALL PRIVILEGES": "ALL" };

function parseGrant(line: string): Grant | null {
  const match = GRANT.exec(line);
  if (!match) return null;
  const [, list = "", schema = "", table = ""] = match;
  // `SELECT (a, b)` is a right on columns: not enough for a dump.
  const rights = list.split(/,\s*(?![^(]*\))/).filter((right) => !right.includes("("));
  const named = (text: string) => (text === "*" ? null : unquoteName(text.slice(1, -1)));
  return { rights: new Set(rights.map((right) => SAME[right] ?? right)), schema: named(schema), table: named(table) };
}

/** GRANT's pattern of schema names, where `\_` is the character itself. */
function matchesSchema(pattern: string, schema: string): boolean {
  const source = pattern.replace(
    /\\([%_\\])|([%_])|[.*+?^${}()|[\]\\/]/g,
    (text: string, escaped?: string, wildcard?: string) => {
      if (wildcard) return wildcard === "%" ? "[^]*" : "[^]";
      return escaped === "%" || escaped === "_" ? escaped : `\\${escaped ?? text}`;
    },
  );
  return new RegExp(`^${source}$`, "u").test(schema);
}

/** Reads the lines of SHOW GRANTS. */
export function parseRights(lines: readonly string[]): Rights {
  const grants = lines.map(parseGrant).filter((grant) => grant !== null);
  const includes = (grant: Grant, right: string) => grant.rights.has(right) || grant.rights.has("ALL");
  const covers = (grant: Grant, schema: string) => grant.schema === null || matchesSchema(grant.schema, schema);
  return {
    hasGlobal: (right) => grants.some((grant) => grant.schema === null && includes(grant, right)),
    hasOnSchema: (right, schema) =>
      grants.some((grant) => grant.table === null && covers(grant, schema) && includes(grant, right)),
    hasOnTable: (right, schema, table) =>
      grants.some((grant) => (grant.table ?? table) === table && covers(grant, schema) && includes(grant, right)),
  };
}

/** What the session's own account may do. */
export async function readRights(session: Session): Promise<Rights> {
  const rows = await session.rows("read the account's rights", "SHOW GRANTS");
  return parseRights(rows.flatMap((row) => Object.values(row)).filter((value) => typeof value === "string"));
}
