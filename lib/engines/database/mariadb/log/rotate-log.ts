import type { Connection } from "../../port";
import { withSession } from "../connect";
import { readPosition } from "../read-position";
import { noPosition } from "../dump/explain-dump";

const OPERATION = "close the log file";

/**
 * Closes the log file that is written now, so that it can be stored as a whole. `LOCAL`: it does not stand in the log
 * itself, and no replica does the same. @returns the file that is written from then on
 */
export async function rotateLog(connection: Connection, signal: AbortSignal): Promise<string> {
  return withSession(connection, { signal }, async (session) => {
    await session.rows(OPERATION, "FLUSH LOCAL BINARY LOGS");
    const position = await readPosition(session);
    if (!position) throw noPosition(OPERATION);
    return position.file;
  });
}
