import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "@/lib/kernel/errors";
import type { Connection, ServerSettings } from "../../port";
import { withSession } from "../connect";
import { writeOptionFile } from "../defaults-file";
import { leastPrivilegeStatements } from "../least-privileges";
import { ENGINE } from "../map-error";
import { quoteText } from "./initialize-data-directory";
import { type ServerProcess, startServer } from "./run-server";
import { removeMark } from "./scratch-mark";
import { commonSettings, isNamedTimeZone, safeSettings } from "./scratch-settings";

/** A server's directory, how its root gets in, and what its source was set to. */
export interface Place {
  directory: string;
  connection: Connection & { socket: string };
  settings: ServerSettings;
  log?: { serverId: string };
}

export interface PrimaryRequest {
  /** The primary's address, and the runner's own account there. */
  connection: Connection;
  serverId: string;
  /** The last transaction that it has; the next one follows it. */
  gtid: string;
  signal: AbortSignal;
}

/** How its root gets in; lies in the server's directory. */
export const OPTION_FILE = "client.cnf";
const LOOPBACK = ["localhost", "127.0.0.1", "::1"];
const GTID_LIST = /^(?:\d+-\d+-\d+(?:,\d+-\d+-\d+)*)?$/;

/** Sets a named time zone, which a server does not know before its tables are loaded. */
export async function setNamedTimeZone({ connection, settings }: Place, signal: AbortSignal): Promise<void> {
  if (!isNamedTimeZone(settings.timeZone)) return;
  await withSession(connection, { signal }, (session) =>
    session.rows("set the source's time zone", `SET GLOBAL time_zone = ${quoteText(settings.timeZone)}`),
  );
}

/** Carried out before the first client gets in: the runner's account, and a new log that goes on where the old one ended. */
function primaryStatements({ connection, gtid }: PrimaryRequest): string[] {
  if (!GTID_LIST.test(gtid)) {
    throw new EngineError(`"${gtid}" is no GTID`, {
      engine: ENGINE,
      operation: "make the recovered server the primary",
      permanent: true,
      hint: "This is a defect of Holdfast.",
    });
  }
  const hosts = ["localhost", "127.0.0.1", ...(LOOPBACK.includes(connection.host) ? [] : ["%"])];
  const account = { user: connection.user, password: connection.password.reveal() };
  return [
    "SET SESSION sql_log_bin = 0;",
    // The load left them locked, and one for a narrower host would be taken before ours.
    `SET @ours = (SELECT GROUP_CONCAT(QUOTE(User), '@', QUOTE(Host)) FROM mysql.global_priv WHERE User = ${quoteText(account.user)});`,
    "SET @drop = COALESCE(CONCAT('DROP USER ', @ours), 'DO 1');",
    "EXECUTE IMMEDIATE @drop;",
    ...hosts.flatMap((host) => leastPrivilegeStatements({ ...account, host })),
    "RESET MASTER;",
    ...(gtid ? [`SET GLOBAL gtid_binlog_state = ${quoteText(gtid)};`] : []),
  ];
}

/**
 * Starts the recovered server at the primary's address with its log on. It belongs to nobody: it outlives this process, and no sweep removes it.
 * Root gets in by its socket with the scratch server's password, which stands in its option file.
 */
export async function startPrimary(place: Place, request: PrimaryRequest): Promise<ServerProcess> {
  const { directory, settings } = place;
  const initFile = join(directory, "primary.sql");
  await writeFile(initFile, `${primaryStatements(request).join("\n")}\n`, { mode: 0o600 });
  const connection = {
    ...place.connection,
    port: request.connection.port,
    socket: request.connection.socket ?? place.connection.socket,
  };
  try {
    const server = await startServer({
      dataDirectory: join(directory, "data"),
      logFile: join(directory, "error.log"),
      temporaryDirectory: join(directory, "tmp"),
      connection,
      settings: [
        ...commonSettings(settings, { serverId: request.serverId }),
        ...safeSettings(),
        ...(LOOPBACK.includes(request.connection.host) ? [] : [`--bind-address=${request.connection.host}`]),
      ],
      initFile,
      deathSignal: "none",
      signal: request.signal,
    });
    await setNamedTimeZone({ ...place, connection }, request.signal);
    await writeOptionFile(join(directory, OPTION_FILE), connection);
    await removeMark(directory);
    return server;
  } finally {
    await rm(initFile, { force: true });
  }
}
