import { EngineError } from "@/lib/kernel/errors";
import { ENGINE, explainStderr, findErrorNumber } from "../map-error";

const DDL_HINT = "Did someone change the schema during the dump? Run it again when that is done.";

/** What mariadb-dump says when a table changed under it: definition changed, table gone, table doesn't exist in engine. */
const TABLE_CHANGED = [1412, 1146, 1051, 1017, 1932];

/** "You are not using binary logging". */
const NO_LOG = 1381;

/** A backup without it is refused. */
export function noPosition(operation: string): EngineError {
  return new EngineError("the dump has no position in the server's log: nothing after it could come back", {
    engine: ENGINE,
    operation,
    permanent: true,
    hint: "Is the binary log on, and may the account read its position (BINLOG MONITOR)?",
  });
}

/** An error of the dump in words, without anything that it printed of a row. */
export function explainDumpError(stderr: string, operation: string, place: string): EngineError | undefined {
  const errno = findErrorNumber(stderr);
  if (errno === NO_LOG || stderr.includes("Binlogging on server not active")) return noPosition(operation);
  if (errno === null || !TABLE_CHANGED.includes(errno)) return explainStderr(stderr, { operation, place });
  return new EngineError(`MariaDB on ${place} could not ${operation}: a table changed or went away meanwhile`, {
    engine: ENGINE,
    operation,
    permanent: false,
    hint: DDL_HINT,
  });
}

/** A dump that ended early, or is none. */
export function malformedDump(message: string, operation: string): EngineError {
  return new EngineError(`the dump is not whole: ${message}`, {
    engine: ENGINE,
    operation,
    permanent: false,
    hint: "Did the server or the dump program end early? The server's error log says so.",
  });
}
