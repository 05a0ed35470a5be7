import { mkdir, rm, writeFile } from "node:fs/promises";
import { runProgram } from "@/lib/engines/shared/process";
import type { Secret } from "@/lib/kernel/secret";
import { ENGINE } from "../map-error";
import { findServerProgram, userArguments } from "./server-programs";

export interface InitializeOptions {
  /** Absent or empty. */
  dataDirectory: string;
  /** Settings that are fixed when the directory is made, as arguments: page size, lower_case_table_names. */
  settings: readonly string[];
  signal: AbortSignal;
}

/** Makes the system tables of a new server. Its root has no password until the first start with `writeInitFile`'s statements. */
export async function initializeDataDirectory({ dataDirectory, settings, signal }: InitializeOptions): Promise<void> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  // One of its own: a server removes the temporary tables of any other that it finds when it starts.
  const temporary = `${dataDirectory}.tmp`;
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  try {
    await runProgram({
      engine: ENGINE,
      operation: "make the system tables of a new server",
      program: await findServerProgram("mariadb-install-db"),
      args: [
        "--no-defaults",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
        `--datadir=${dataDirectory}`,
        `--tmpdir=${temporary}`,
        ...userArguments(),
        ...settings,
      ],
      signal,
      hint: "Is there room on this disk, and may this user write there?",
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Statements that the server carries out before it accepts its first connection: root gets its password, no other way in is left. */
export async function writeInitFile(
  path: string,
  rootPassword: Secret,
  statements: readonly string[] = [],
): Promise<void> {
  const password = quoteText(rootPassword.reveal());
  const lines = [
    "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';",
    "FLUSH PRIVILEGES;",
    `ALTER USER root@localhost IDENTIFIED BY ${password};`,
    ...statements,
  ];
  await writeFile(path, `${lines.join("\n")}\n`, { mode: 0o600 });
}

/** A text as a literal of SQL. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`;
}

/** A name as an identifier of SQL. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
