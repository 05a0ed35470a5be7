import { EngineError } from "@/lib/kernel/errors";
import type { Connection, LogOffset } from "../../port";
import { describePlace, numberOf, textOf, withSession } from "../connect";
import { ENGINE } from "../map-error";

export interface ServerLogFile {
  file: string;
  sizeBytes: number;
}

export interface ServerLog {
  serverId: number;
  /** Oldest first. */
  files: ServerLogFile[];
  /** Where the server writes. */
  end: LogOffset;
  /** Ids of the connected replicas. */
  replicaIds: number[];
}

const TIMEOUT_MS = 5_000;

/** What the server says of its log now. @throws EngineError, also where it keeps none */
export async function readServerLog(connection: Connection, signal: AbortSignal): Promise<ServerLog> {
  const options = { signal, connectTimeoutMs: TIMEOUT_MS, queryTimeoutMs: TIMEOUT_MS };
  return withSession(connection, options, async (session) => {
    const [server] = await session.rows("read the server's id", "SELECT @@server_id AS id, @@log_bin AS log");
    if (textOf(server, "log") !== "1") throw noLog(connection);
    const [master] = await session.rows("read the log's position", "SHOW MASTER STATUS");
    const files = await session.rows("list the log's files", "SHOW BINARY LOGS");
    const replicas = await session.rows("list the connected replicas", "SHOW SLAVE HOSTS");
    return {
      serverId: numberOf(server, "id"),
      files: files.map((row) => ({ file: textOf(row, "Log_name") ?? "", sizeBytes: numberOf(row, "File_size") })),
      end: { file: textOf(master, "File") ?? "", offset: numberOf(master, "Position") },
      replicaIds: replicas.map((row) => numberOf(row, "Server_id")),
    };
  });
}

function noLog(connection: Connection): EngineError {
  return new EngineError(`MariaDB on ${describePlace(connection)} keeps no binary log`, {
    engine: ENGINE,
    operation: "follow the log",
    permanent: true,
    hint: "Set log_bin and binlog_format=ROW in the server's configuration, and start it again.",
  });
}

/** Order of places in one log. File numbers grow; a name without a number comes first. */
export function compareOffsets(a: LogOffset, b: LogOffset): number {
  const [left, right] = [logFileNumber(a.file), logFileNumber(b.file)];
  return left === right ? a.offset - b.offset : left - right;
}

export function logFileNumber(file: string): number {
  return Number(/\.(\d+)$/.exec(file)?.[1] ?? -1);
}
