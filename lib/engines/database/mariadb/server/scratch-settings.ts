import { totalmem } from "node:os";
import type { ServerSettings } from "../../port";

const MIB = 2 ** 20;

/** Fixed when the data directory is made. */
export function fixedSettings(settings: ServerSettings): string[] {
  return [`--innodb-page-size=${settings.pageSizeBytes}`, `--lower-case-table-names=${settings.lowerCaseTableNames}`];
}

/** A named time zone is known only once its tables are loaded. */
export function isNamedTimeZone(timeZone: string): boolean {
  return timeZone !== "SYSTEM" && !/^[+-]\d/.test(timeZone);
}

/** Of a copy of files: another layout would not start on it. */
function layoutSettings({ fileLayout }: ServerSettings): string[] {
  if (!fileLayout) return [];
  return [
    `--innodb-data-file-path=${fileLayout.dataFilePath}`,
    `--innodb-undo-tablespaces=${fileLayout.undoTablespaces}`,
  ];
}

/** Of a server that others may follow. */
export function logSettings(serverId: string): string[] {
  return [
    "--log-bin=binlog",
    "--binlog-format=ROW",
    "--binlog-row-image=FULL",
    "--sync-binlog=1",
    `--server-id=${serverId}`,
  ];
}

/** What the copy shares with its source, and what every copy needs whatever its source. `log`: whose log it writes, if any. */
export function commonSettings(settings: ServerSettings, log?: { serverId: string }): string[] {
  return [
    ...fixedSettings(settings),
    ...layoutSettings(settings),
    `--character-set-server=${settings.characterSet}`,
    `--collation-server=${settings.collation}`,
    `--sql-mode=${settings.sqlMode}`,
    ...(isNamedTimeZone(settings.timeZone) ? [] : [`--default-time-zone=${settings.timeZone}`]),
    ...settings.plugins.map((library) => `--plugin-load-add=${library}`),
    // Events come back enabled: they would run in the copy.
    "--event-scheduler=OFF",
    "--max-allowed-packet=1G",
    ...(log ? logSettings(log.serverId) : ["--skip-log-bin"]),
  ];
}

/** Of the machine's memory, an eighth: the source may run on the same one. */
export function poolBytes(): number {
  return Math.min(Math.max(Math.floor(totalmem() / 8 / MIB), 256), 4_096) * MIB;
}

/** For one key that is built. Two tables' keys are built at a time, and each has several: a small part of the machine's memory. */
function sortBytes(): number {
  return Math.min(Math.max(Math.floor(totalmem() / 512 / MIB), 4), 64) * MIB;
}

/** While the data is loaded: a crash costs the copy, nothing else. */
export function fastSettings(): string[] {
  return [
    "--innodb-flush-log-at-trx-commit=0",
    "--skip-innodb-doublewrite",
    `--innodb-buffer-pool-size=${poolBytes()}`,
    // Fewer checkpoints while rows come in.
    `--innodb-log-file-size=${512 * MIB}`,
    // More of it in memory before the server must write it, which the connection that fills it waits for.
    `--innodb-log-buffer-size=${64 * MIB}`,
    // Keys are built by sorting: what does not fit is written to a file and merged from there.
    `--innodb-sort-buffer-size=${sortBytes()}`,
    `--bulk-insert-buffer-size=${64 * MIB}`,
    // Parts of a table go in at the same time; with another mode each would hold its counter to the end.
    "--innodb-autoinc-lock-mode=2",
  ];
}

/** While a log is replayed into data that came as files: nothing that only a restart could make safe. */
export function replaySettings(): string[] {
  return [...safeSettings(), "--innodb-flush-log-at-trx-commit=0"];
}

/** For data that is to be kept: everything on disk at each commit, and no torn page. */
export function safeSettings(): string[] {
  return ["--innodb-flush-log-at-trx-commit=1", "--innodb-doublewrite=ON", `--innodb-buffer-pool-size=${poolBytes()}`];
}
