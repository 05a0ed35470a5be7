import type { LogPosition } from "../port";
import { type Session, numberOf, textOf } from "./connect";

/** Where the server's log ends now; null when it keeps none. */
export async function readPosition(session: Session): Promise<LogPosition | null> {
  const [status] = await session.rows("read the log's position", "SHOW MASTER STATUS");
  const file = textOf(status, "File");
  if (file === null || file === "") return null;
  const offset = numberOf(status, "Position");
  // Asked for this very position: the server may have gone on since.
  const [row] = await session.rows("read the log's GTID", "SELECT BINLOG_GTID_POS(?, ?) AS gtid", [file, offset]);
  return { gtid: textOf(row, "gtid") ?? "", file, offset };
}
