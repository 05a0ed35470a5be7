import { type Session, numberOf, textOf } from "../connect";
import { readLineage } from "./lineage";

/** What a backup of files must know of its server before it begins. */
export interface SourceServer {
  version: string;
  dataDirectory: string;
  dataFilePath: string;
  serverUid: string;
  /** Directories of InnoDB that the server was told of; empty or relative ones lie in the data directory. */
  otherDirectories: string[];
  isEncrypted: boolean;
}

const SOURCE = `SELECT VERSION() AS version, @@GLOBAL.datadir AS directory, @@GLOBAL.innodb_data_file_path AS data_path,
  @@GLOBAL.innodb_data_home_dir AS home_dir, @@GLOBAL.innodb_undo_directory AS undo_dir, @@GLOBAL.innodb_log_group_home_dir AS log_dir,
  @@GLOBAL.innodb_encrypt_tables <> 'OFF' OR @@GLOBAL.innodb_encrypt_log OR @@GLOBAL.aria_encrypt_tables AS encrypted`;

/** Needs no right beside the connection itself. */
export async function readSource(session: Session): Promise<SourceServer> {
  const [row] = await session.rows("read where the server keeps its files", SOURCE);
  const [uid] = await session.rows("read the server's own id", "SHOW GLOBAL VARIABLES LIKE 'server_uid'");
  return {
    version: textOf(row, "version") ?? "",
    dataDirectory: textOf(row, "directory") ?? "",
    dataFilePath: textOf(row, "data_path") ?? "",
    serverUid: textOf(uid, "Value") ?? "",
    otherDirectories: ["home_dir", "undo_dir", "log_dir"].map((name) => textOf(row, name) ?? ""),
    isEncrypted: numberOf(row, "encrypted") === 1,
  };
}

/** `checkpoint`: the redo log before it is no longer needed. `current`: its end. */
export interface SourceLsn {
  checkpoint: bigint;
  current: bigint;
}

export async function readSourceLsn(session: Session): Promise<SourceLsn> {
  const rows = await session.rows(
    "read the place in the redo log",
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_lsn_current', 'Innodb_lsn_last_checkpoint')",
  );
  const value = (name: string) =>
    BigInt(
      textOf(
        rows.find((row) => textOf(row, "Variable_name") === name),
        "Value",
      ) ?? 0,
    );
  return { checkpoint: value("Innodb_lsn_last_checkpoint"), current: value("Innodb_lsn_current") };
}

export interface SourceState extends SourceLsn {
  lineage: string;
}

/** Needs the data directory on this machine. */
export async function readSourceState(session: Session, source: SourceServer): Promise<SourceState> {
  return { ...(await readSourceLsn(session)), lineage: await readLineage(source) };
}
