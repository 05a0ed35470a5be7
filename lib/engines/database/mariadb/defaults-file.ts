import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Connection } from "../port";
import { makeTemporaryDirectory } from "./temporary-directory";

export interface DefaultsFile {
  /** First argument of the client program: it reads nothing else, so no file of the machine changes what it does. */
  argument: string;
  remove(): Promise<void>;
}

/** A value in an option file: quoted, since the file knows comments and escapes. */
export function quoteOption(value: string): string {
  const escaped = value
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  return `"${escaped}"`;
}

/** What MariaDB's own clients need to get in, as the text of an option file. */
function optionText(connection: Connection): string {
  const place = connection.socket
    ? [`socket=${quoteOption(connection.socket)}`, "protocol=socket"]
    : [`host=${quoteOption(connection.host)}`, `port=${connection.port}`, "protocol=tcp"];
  const lines = [
    "[client]",
    `user=${quoteOption(connection.user)}`,
    `password=${quoteOption(connection.password.reveal())}`,
    ...place,
  ];
  return `${lines.join("\n")}\n`;
}

/** Writes a file for `mariadb --defaults-file=PATH` that only this user reads, and that stays; replaces an earlier one. */
export async function writeOptionFile(path: string, connection: Connection): Promise<void> {
  await rm(path, { force: true });
  await writeFile(path, optionText(connection), { mode: 0o600, flag: "wx" });
}

/** Writes user, password and address to a file that only this user reads: never in arguments or the environment, which every user of the machine sees. */
export async function writeDefaultsFile(connection: Connection): Promise<DefaultsFile> {
  const directory = await makeTemporaryDirectory();
  const path = join(directory, "client.cnf");
  await writeFile(path, optionText(connection), { mode: 0o600, flag: "wx" });
  return {
    argument: `--defaults-file=${path}`,
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
