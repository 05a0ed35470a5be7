import type { Hazard } from "../../port";
import { type Session, numberOf, textOf } from "../connect";

export interface LogSettings {
  isOn: boolean;
  format: string;
  rowImage: string;
  checksum: string;
  /** 0: never. */
  expireSeconds: number;
  /** Names of schemas that the log holds alone, or leaves out; empty where it is not filtered. */
  filters: string;
}

const DAY_SECONDS = 86_400;

/** `canReadStatus`: the account has BINLOG MONITOR; where it is missing that is a hazard of its own. */
export async function readLogSettings(session: Session, canReadStatus: boolean): Promise<LogSettings> {
  const [row] = await session.rows(
    "read the log's settings",
    `SELECT @@GLOBAL.log_bin AS is_on, @@GLOBAL.binlog_format AS format, @@GLOBAL.binlog_row_image AS image, @@GLOBAL.binlog_checksum AS checksum,
      @@GLOBAL.binlog_expire_logs_seconds AS seconds`,
  );
  const isOn = numberOf(row, "is_on") === 1;
  const [status] = isOn && canReadStatus ? await session.rows("read the log's filters", "SHOW MASTER STATUS") : [];
  const filters = [textOf(status, "Binlog_Do_DB"), textOf(status, "Binlog_Ignore_DB")].filter(Boolean).join(", ");
  return {
    isOn,
    format: textOf(row, "format") ?? "",
    rowImage: textOf(row, "image") ?? "",
    checksum: textOf(row, "checksum") ?? "",
    expireSeconds: numberOf(row, "seconds"),
    filters,
  };
}

/** Settings of the log without which a recovery to a point in time is impossible or a guess. */
export function findLogHazards(log: LogSettings): Hazard[] {
  if (!log.isOn) {
    return [
      {
        id: "binlog-off",
        effect: "refuse",
        object: "log_bin",
        message: "the server keeps no binary log: a dump would have no position, and nothing after it could come back",
        hint: "Set log_bin and server_id in the server's configuration, and restart it.",
      },
    ];
  }
  const hazards: Hazard[] = [];
  if (log.format !== "ROW") {
    hazards.push({
      id: "binlog-format",
      effect: "refuse",
      object: "binlog_format",
      message: `the server logs in format ${log.format}: a statement that is replayed may do something else than it did`,
      hint: "SET GLOBAL binlog_format = ROW, and the same in the server's configuration; sessions that are open keep the old one.",
    });
  }
  if (log.rowImage !== "FULL") {
    hazards.push({
      id: "binlog-format",
      effect: "refuse",
      object: "binlog_row_image",
      message: `the server logs rows in image ${log.rowImage}: in tables without a primary key a replay may hit another row`,
      hint: "SET GLOBAL binlog_row_image = FULL, and the same in the server's configuration.",
    });
  }
  if (log.filters !== "") {
    hazards.push({
      id: "binlog-filtered",
      effect: "refuse",
      object: "binlog_do_db, binlog_ignore_db",
      message: `the log is filtered by schema (${log.filters}): what is left out of it cannot come back`,
      hint: "Take binlog_do_db and binlog_ignore_db out of the server's configuration.",
    });
  }
  if (log.checksum === "NONE") {
    hazards.push({
      id: "binlog-checksum-off",
      effect: "warn",
      object: "binlog_checksum",
      message: "the log has no checksums: a byte that flipped on the server's disk would not be noticed",
      hint: "SET GLOBAL binlog_checksum = CRC32, and the same in the server's configuration.",
    });
  }
  if (log.expireSeconds > 0 && log.expireSeconds < DAY_SECONDS) {
    hazards.push({
      id: "binlog-expiry-short",
      effect: "warn",
      object: "binlog_expire_logs_seconds",
      message: `the server deletes its log after ${log.expireSeconds} s: a runner that is away for longer leaves a gap`,
      hint: "Set binlog_expire_logs_seconds to a day at least.",
    });
  }
  return hazards;
}
