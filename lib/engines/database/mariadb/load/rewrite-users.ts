/** `user@host`, or a role's name without one. */
interface Grantee {
  user: string;
  host: string | null;
}

/** Where in a restore a statement of the users' artefact belongs. */
export type UserPart =
  /** Accounts, roles, and rights on everything or on a schema: before the data. */
  | "accounts"
  /** Rights on single tables, columns and routines: these must be there first. */
  | "object-rights";

const IDENTIFIER = String.raw`(?:${"`"}(?:[^${"`"}]|${"``"})*${"`"}|'(?:[^'\\]|''|\\.)*')`;
const GRANTEE = new RegExp(`^(${IDENTIFIER}|PUBLIC|[A-Za-z_][\\w$]*|CURRENT_USER\\(\\))(?:@(${IDENTIFIER}))?`);
const CREATE_USER = /^CREATE USER (?=[`'])/;
const CREATE_ROLE = /^CREATE ROLE (?=[`'])/;
const DEFAULT_ROLE = /^SET DEFAULT ROLE [^]* FOR (?=[`'])/;
const MARIADB_COMMENT = /^\/\*M!(\d+) ([^]*) \*\/;$/;
/** For MySQL 8: MariaDB does not carry it out. */
const MYSQL_COMMENT = /^\/\*!80\d+ /;
const OBJECT_RIGHT = / ON (?:(?:TABLE )?`(?:[^`]|``)+`\.`(?:[^`]|``)+`|(?:PROCEDURE|FUNCTION|PACKAGE BODY|PACKAGE) `)/;

/** Accounts that every server has of its own. */
const OWN_ACCOUNTS = ["root", "mariadb.sys"];

function unquote(text: string): string {
  const quote = text[0];
  if (quote === "`") return text.slice(1, -1).replaceAll("``", "`");
  return quote === "'"
    ? text.slice(1, -1).replace(/''|\\(.)/g, (pair, escaped?: string) => escaped ?? pair[0] ?? "")
    : text;
}

function parseGrantee(text: string): (Grantee & { text: string }) | null {
  const match = GRANTEE.exec(text);
  if (!match?.[1]) return null;
  return { user: unquote(match[1]), host: match[2] === undefined ? null : unquote(match[2]), text: match[0] };
}

/** Index of a word outside quotes, searched from the left; -1 without one. */
function indexOutsideQuotes(text: string, word: string): number {
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? "";
    if (quote) {
      if (char === "\\" && quote === "'") at += 1;
      else if (char === quote) quote = "";
    } else if (char === "`" || char === "'") quote = char;
    else if (text.startsWith(word, at)) return at;
  }
  return -1;
}

/** Who gets something by a statement, and where in its text that stands; null for a statement that names nobody. */
function findGrantee(sql: string): { grantee: Grantee & { text: string }; at: number } | null {
  const lead = CREATE_USER.exec(sql) ?? DEFAULT_ROLE.exec(sql);
  let at = lead ? lead[0].length : -1;
  if (!lead && sql.startsWith("GRANT ")) {
    const to = indexOutsideQuotes(sql, " TO ");
    if (to >= 0) at = to + 4;
  }
  const grantee = at < 0 ? null : parseGrantee(sql.slice(at));
  return grantee ? { grantee, at } : null;
}

/** `GRANT role TO …`: names no object. */
function isRoleGrant(sql: string): boolean {
  return sql.startsWith("GRANT ") && indexOutsideQuotes(sql, " ON ") < 0;
}

/**
 * Changes one statement of the users' artefact for a target, or leaves it out (null): never an account that the target
 * has of its own. Accounts and roles replace what has their name, so that it may be done again. An account of `locked`
 * is there with its rights, since the log may change these, but nobody gets in by it.
 */
export function rewriteUserStatement(statement: string, part: UserPart, locked: readonly string[]): string | null {
  if (MYSQL_COMMENT.test(statement)) return null;
  const inComment = MARIADB_COMMENT.exec(statement);
  if (inComment) {
    const inner = rewriteUserStatement(`${inComment[2] ?? ""};`, part, locked);
    return inner === null ? null : `/*M!${inComment[1] ?? ""} ${inner.replace(/;$/, "")} */;`;
  }
  if (!belongsTo(statement, part)) return null;
  const found = findGrantee(statement);
  if (found && isOf(found.grantee, OWN_ACCOUNTS)) return keepAdministrator(statement, found.at);
  if (found && CREATE_USER.test(statement) && isOf(found.grantee, locked)) {
    return `CREATE USER IF NOT EXISTS ${found.grantee.text} ACCOUNT LOCK;`;
  }
  return statement.replace(CREATE_USER, "CREATE OR REPLACE USER ").replace(CREATE_ROLE, "CREATE OR REPLACE ROLE ");
}

/** Settings of the session are for both parts. */
function belongsTo(statement: string, part: UserPart): boolean {
  const isObjectRight =
    statement.startsWith("GRANT ") && OBJECT_RIGHT.test(statement.slice(0, indexOutsideQuotes(statement, " TO ")));
  const isAccount = /^(?:CREATE|GRANT|SET DEFAULT ROLE|SET ROLE|DROP ROLE|SELECT|EXECUTE)\b/.test(statement);
  return part === "object-rights" ? isObjectRight || !isAccount : !isObjectRight;
}

function isOf(grantee: Grantee, users: readonly string[]): boolean {
  return grantee.host !== null && users.includes(grantee.user);
}

/** A role whose administrator stays behind gets the loading account as one: otherwise nobody could ever grant it. */
function keepAdministrator(statement: string, granteeAt: number): string | null {
  if (!isRoleGrant(statement) || !statement.includes(" WITH ADMIN OPTION")) return null;
  return `${statement.slice(0, granteeAt)}CURRENT_USER() WITH ADMIN OPTION;`;
}
