import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { quoteOption } from "../defaults-file";
import type { Place } from "./primary-server";
import { commonSettings, isNamedTimeZone, safeSettings } from "./scratch-settings";
import { userArguments } from "./server-programs";

/** Lies in the directory of a server that was left behind: with it `mariadbd --defaults-file=…` starts it again. */
export const SERVER_FILE = "server.cnf";

/** Writes everything that the data needs of its server: other settings would not start on it, or read it otherwise. */
export async function writeServerFile({ directory, connection, settings }: Place): Promise<void> {
  const options = [
    ...userArguments(),
    `--datadir=${join(directory, "data")}`,
    `--tmpdir=${join(directory, "tmp")}`,
    `--log-error=${join(directory, "error.log")}`,
    `--socket=${connection.socket}`,
    `--port=${connection.port}`,
    "--bind-address=127.0.0.1",
    ...commonSettings(settings),
    ...safeSettings(),
    // Its tables are in the data now.
    ...(isNamedTimeZone(settings.timeZone) ? [`--default-time-zone=${settings.timeZone}`] : []),
  ];
  const text = ["[mariadbd]", ...options.map(optionLine)].join("\n");
  await writeFile(join(directory, SERVER_FILE), `${text}\n`, { mode: 0o600 });
}

/** `--name=value` as a line of an option file. */
function optionLine(option: string): string {
  const [name = "", ...value] = option.slice(2).split("=");
  return value.length === 0 ? name : `${name}=${quoteOption(value.join("="))}`;
}
