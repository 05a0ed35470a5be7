/** One CREATE TABLE of a dump, as far as its text says plainly what each line is. */
export interface TableDefinition {
  name: string;
  /** `CREATE TABLE … (`. */
  head: string;
  /** Columns, primary key, checks: all lines that are not below. */
  columns: string[];
  /** Secondary keys, without indent and comma. */
  keys: string[];
  foreignKeys: string[];
  /** From `) ENGINE=` on. */
  tail: string;
}

const HEAD = /^CREATE TABLE `((?:[^`\n]|``)+)` \($/;
const KEY = /^(?:UNIQUE |FULLTEXT |SPATIAL |VECTOR )?KEY `/;
const FOREIGN_KEY = /^CONSTRAINT `(?:[^`\n]|``)+` FOREIGN KEY \(/;
const OTHER = /^(?:`|PRIMARY KEY|CONSTRAINT `(?:[^`\n]|``)+` CHECK |CHECK |PERIOD FOR )/;

/** A name between backticks as it is. */
export function unquoteName(quoted: string): string {
  return quoted.replaceAll("``", "`");
}

/** Indented, and with a comma unless it is the last. */
function isClauseLine(line: string, isLast: boolean): boolean {
  return line.startsWith("  ") && line.endsWith(",") !== isLast;
}

/** Reads a CREATE TABLE statement of MariaDB's dump; null where a line is of an unknown kind (a line end in a name, a future clause). */
export function parseTableDefinition(statement: string): TableDefinition | null {
  const lines = statement.split("\n");
  const [head = "", ...rest] = lines;
  const name = HEAD.exec(head)?.[1];
  const tailAt = rest.findIndex((line) => line.startsWith(") "));
  if (name === undefined || tailAt < 0) return null;
  const definition: TableDefinition = {
    name: unquoteName(name),
    head,
    columns: [],
    keys: [],
    foreignKeys: [],
    tail: rest.slice(tailAt).join("\n"),
  };
  for (const [index, line] of rest.slice(0, tailAt).entries()) {
    const isLast = index === tailAt - 1;
    const text = line.slice(2);
    if (!isClauseLine(line, isLast)) return null;
    const clause = isLast ? text : text.slice(0, -1);
    const kind = KEY.test(text)
      ? definition.keys
      : FOREIGN_KEY.test(text)
        ? definition.foreignKeys
        : definition.columns;
    if (kind === definition.columns && !OTHER.test(text)) return null;
    kind.push(clause);
  }
  return definition;
}

/** The statement again, with the clauses that are given. */
export function formatTableDefinition(definition: TableDefinition): string {
  const clauses = [...definition.columns, ...definition.keys, ...definition.foreignKeys];
  return [definition.head, clauses.map((clause) => `  ${clause}`).join(",\n"), definition.tail].join("\n");
}

/** Columns of a key, in order; a prefix length or DESC does not count as another column. */
export function keyColumns(key: string): string[] {
  const list = /\((.*)\)/.exec(key)?.[1] ?? "";
  return [...list.matchAll(/`((?:[^`]|``)+)`/g)].map((match) => unquoteName(match[1] ?? ""));
}

export function hasPrimaryKey(definition: TableDefinition): boolean {
  return definition.columns.some((column) => column.startsWith("PRIMARY KEY"));
}

/**
 * Whether a scan of the whole table comes in the same order on every copy. InnoDB's primary key gives it, and a single key that covers every
 * column is always taken in its place; of two such keys the optimizer may choose either.
 */
export function comesInOrder(definition: TableDefinition): boolean {
  if (!hasPrimaryKey(definition) || !definition.tail.startsWith(") ENGINE=InnoDB")) return false;
  const columns = definition.columns.filter((line) => line.startsWith("`")).length;
  return definition.keys.filter((key) => new Set(keyColumns(key)).size >= columns).length < 2;
}

/** Without what differs between a server and its copy although nothing is wrong: the next AUTO_INCREMENT. */
export function comparableDefinition(statement: string): string {
  return statement.replace(/\) ENGINE=(\w+) AUTO_INCREMENT=\d+/, ") ENGINE=$1");
}
