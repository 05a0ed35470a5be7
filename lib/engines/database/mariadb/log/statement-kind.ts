/** What a statement in the log means for a copy of the data that was taken while it ran. */
export type StatementKind =
  | "begin"
  | "commit"
  | "rollback"
  /** Changes rows, of tables that it does not name to us. */
  | "data"
  /** Savepoints, temporary tables, ANALYZE and the like: the schema is the same after it. */
  | "harmless"
  /** DDL, accounts, rights, and whatever is not known. */
  | "schema";

const DATA = new Set(["INSERT", "REPLACE", "UPDATE", "DELETE", "LOAD", "WITH", "DO", "CALL"]);

const HARMLESS = new Set(
  ["SET", "SAVEPOINT", "RELEASE", "XA", "KILL", "PURGE"].concat([
    "ANALYZE",
    "OPTIMIZE",
    "CHECK",
    "REPAIR",
    "CHECKSUM",
    "FLUSH",
  ]),
);

const TEMPORARY = /^(CREATE(\s+OR\s+REPLACE)?|DROP)\s+(\/\*!\d*\s*)?TEMPORARY\b/i;

/** Without leading blanks and comments; a comment that is executed (`/*!`) stays. */
function skipComments(text: string): string {
  return text.replace(/^(\s+|\/\*(?!M?!)[\s\S]*?\*\/|--\s[^\n]*\n|#[^\n]*\n)+/, "");
}

/** Classifies a statement by its beginning. null is a beginning that cannot be read. */
export function statementKind(text: string | null): StatementKind {
  if (text === null) return "schema";
  // The server compares these two as they are, and so does every replica.
  if (text === "COMMIT") return "commit";
  if (text === "ROLLBACK") return "rollback";
  if (text === "BEGIN") return "begin";
  const statement = skipComments(text);
  if (TEMPORARY.test(statement)) return "harmless";
  const word = /^[A-Za-z]+/.exec(statement)?.[0].toUpperCase() ?? "";
  if (word === "ROLLBACK") return "harmless"; // to a savepoint
  if (DATA.has(word)) return "data";
  return HARMLESS.has(word) ? "harmless" : "schema";
}
