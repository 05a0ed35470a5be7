import { readFileSync } from "node:fs";
import { type Row, type Session, textOf, withSession } from "@/lib/engines/database/mariadb/connect";
import type { Connection } from "@/lib/engines/database/port";
import { quoteName } from "@/lib/engines/database/mariadb/server/initialize-data-directory";
import { Secret } from "@/lib/kernel/secret";

/** Everything that a client can see of a server's content, asked for without any of our own digests. */
export interface Content {
  /** CHECKSUM TABLE … EXTENDED by table. */
  checksums: Record<string, string | null>;
  /** Rows of system-versioned tables over all time, history's own columns included. */
  history: Record<string, Row[]>;
  /** SHOW CREATE of tables, views, routines, triggers, events and sequences. */
  definitions: Record<string, string>;
  schemas: Row[];
  /** Accounts with hashes of passwords, and what SHOW GRANTS says of each. */
  accounts: Row[];
  grants: Record<string, string[]>;
  roles: Row[];
  /** The next value of each sequence that is not reserved. */
  sequences: Record<string, number>;
}

/** Holdfast's own schema is written all the time; its account and root's are never loaded. */
const NOT_SCHEMAS = "('mysql', 'sys', 'information_schema', 'performance_schema', 'holdfast')";
const NOT_USERS = "('root', 'mariadb.sys', 'holdfast')";
/** A rolled back insert takes a number too, and no log tells of it. */
const VARYING = / AUTO_INCREMENT=\d+/;

interface Kind {
  list: string;
  show: string;
  /** Column of the answer. */
  column: string;
}

const KINDS: Record<string, Kind> = {
  table: {
    list: `SELECT table_schema AS s, table_name AS n FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_schema NOT IN ${NOT_SCHEMAS}`,
    show: "TABLE",
    column: "Create Table",
  },
  sequence: {
    list: `SELECT table_schema AS s, table_name AS n FROM information_schema.tables WHERE table_type = 'SEQUENCE' AND table_schema NOT IN ${NOT_SCHEMAS}`,
    show: "SEQUENCE",
    column: "Create Table",
  },
  view: {
    list: `SELECT table_schema AS s, table_name AS n FROM information_schema.views WHERE table_schema NOT IN ${NOT_SCHEMAS}`,
    show: "VIEW",
    column: "Create View",
  },
  trigger: {
    list: `SELECT trigger_schema AS s, trigger_name AS n FROM information_schema.triggers WHERE trigger_schema NOT IN ${NOT_SCHEMAS}`,
    show: "TRIGGER",
    column: "SQL Original Statement",
  },
  event: {
    list: `SELECT event_schema AS s, event_name AS n FROM information_schema.events`,
    show: "EVENT",
    column: "Create Event",
  },
  ...Object.fromEntries(
    ["PROCEDURE", "FUNCTION", "PACKAGE", "PACKAGE BODY"].map((type): [string, Kind] => [
      type.toLowerCase(),
      {
        list: `SELECT routine_schema AS s, routine_name AS n FROM information_schema.routines WHERE routine_type = '${type}' AND routine_schema NOT IN ${NOT_SCHEMAS}`,
        show: type,
        column: `Create ${type}`,
      },
    ]),
  ),
};

/** Reads it all over one connection. */
export function describeContent(connection: Connection): Promise<Content> {
  const signal = new AbortController().signal;
  return withSession(connection, { signal, queryTimeoutMs: 0 }, async (session) => {
    const ask = (sql: string) => session.rows("describe the content", sql);
    return {
      ...(await describeTables(session)),
      definitions: await describeDefinitions(session),
      schemas: await ask(
        `SELECT schema_name, default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name NOT IN ${NOT_SCHEMAS} ORDER BY 1`,
      ),
      ...(await describeAccounts(session)),
      sequences: await describeSequences(session),
    };
  });
}

async function names(session: Session, kind: Kind): Promise<string[]> {
  const rows = await session.rows("list names", `${kind.list} ORDER BY 1, 2`);
  return rows.map((row) => `${quoteName(textOf(row, "s") ?? "")}.${quoteName(textOf(row, "n") ?? "")}`);
}

async function describeTables(session: Session): Promise<Pick<Content, "checksums" | "history">> {
  const checksums: Content["checksums"] = {};
  const history: Content["history"] = {};
  for (const name of await names(session, kindOf("table"))) {
    const [row] = await session.rows("sum a table", `CHECKSUM TABLE ${name} EXTENDED`);
    checksums[name] = textOf(row, "Checksum");
    const [made] = await session.rows("show a table", `SHOW CREATE TABLE ${name}`);
    if (!(textOf(made, "Create Table") ?? "").includes("WITH SYSTEM VERSIONING")) continue;
    const columns = name.endsWith("`named_history`") ? "*, began, ended" : "*, ROW_START, ROW_END";
    history[name] = await session.rows(
      "read a history",
      `SELECT ${columns} FROM ${name} FOR SYSTEM_TIME ALL ORDER BY 1, 2, 3, 4`,
    );
  }
  return { checksums, history };
}

function kindOf(name: string): Kind {
  const kind = KINDS[name];
  if (!kind) throw new Error(`no kind "${name}"`);
  return kind;
}

async function describeDefinitions(session: Session): Promise<Content["definitions"]> {
  const definitions: Content["definitions"] = {};
  for (const [label, kind] of Object.entries(KINDS)) {
    for (const name of await names(session, kind)) {
      const rows = await session.rows("show a definition", `SHOW CREATE ${kind.show} ${name}`).catch(() => []);
      const column = kind.column.toLowerCase();
      const key = Object.keys(rows[0] ?? {}).find((each) => each.toLowerCase() === column);
      definitions[`${label} ${name}`] = (key ? (textOf(rows[0], key) ?? "") : "it cannot be shown").replace(
        VARYING,
        "",
      );
    }
  }
  return definitions;
}

async function describeAccounts(session: Session): Promise<Pick<Content, "accounts" | "grants" | "roles">> {
  const ask = (sql: string) => session.rows("read the accounts", sql);
  const rows = await ask(
    `SELECT User, Host, CAST(Priv AS CHAR) AS Priv FROM mysql.global_priv WHERE User NOT IN ${NOT_USERS} ORDER BY 1, 2`,
  );
  const grants: Content["grants"] = {};
  for (const row of rows) {
    const [user, host] = [textOf(row, "User") ?? "", textOf(row, "Host") ?? ""];
    const name = user === "PUBLIC" ? user : host === "" ? quoteName(user) : `${quoteName(user)}@${quoteName(host)}`;
    grants[name] = (await ask(`SHOW GRANTS FOR ${name}`)).flatMap((grant) => Object.values(grant).map(String)).sort();
  }
  const accounts = rows.map((row) => {
    const facts = JSON.parse(String(row.Priv)) as Record<string, unknown>;
    // No default role is said by an empty name, or not at all.
    return { ...row, Priv: { default_role: "", ...facts, password_last_changed: null } };
  });
  const roles = await ask(
    `SELECT Host, User, Role, Admin_option FROM mysql.roles_mapping WHERE User NOT IN ${NOT_USERS} ORDER BY 1, 2, 3`,
  );
  return { accounts, grants, roles };
}

async function describeSequences(session: Session): Promise<Content["sequences"]> {
  const sequences: Content["sequences"] = {};
  for (const name of await names(session, kindOf("sequence"))) {
    const [row] = await session.rows("read a sequence", `SELECT next_not_cached_value AS n FROM ${name}`);
    sequences[name] = Number(textOf(row, "n"));
  }
  return sequences;
}

/** The connection that an option file of MariaDB's client describes. */
export function readConnection(optionFile: string): Connection {
  const value = (name: string) => {
    const found = new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(readFileSync(optionFile, "utf8"))?.[1];
    if (found === undefined) throw new Error(`"${optionFile}" does not tell ${name}`);
    return found;
  };
  const [user, password, socket] = [value("user"), new Secret(value("password")), value("socket")];
  return { user, password, socket, host: "127.0.0.1", port: 0 };
}
