import type { Readable } from "node:stream";
import type { PipedBytes } from "@/lib/engines/shared/piped-bytes";
import type { Secret } from "@/lib/kernel/secret";
import type { CollectOptions, Heartbeat, LogCollector, LogFileFacts, LogPiece, LogTransaction } from "./log-port";
import type { PhysicalEngine, PhysicalHazardId } from "./physical-port";
import type { ScratchOptions, ScratchServer } from "./scratch-port";

/* What Holdfast asks of a database: looking at it, dumping and loading it, replay. Its log: log-port.ts; its files: physical-port.ts; throw-away servers: scratch-port.ts. */
export * from "./log-port";
export * from "./physical-port";
export * from "./scratch-port";
export type { DatabaseSample, SampleDamage, SampleDump } from "./sample-port";

export interface Connection {
  /** A socket wins over host and port where it is given. */
  socket?: string | undefined;
  host: string;
  port: number;
  user: string;
  password: Secret;
}

/** A point in the server's log. `gtid` is the server's list, such as `0-1-118` or `0-1-118,1-2-7`; empty when nothing was ever written. */
export interface LogPosition {
  gtid: string;
  file: string;
  offset: number;
}

export interface TableFacts {
  schema: string;
  table: string;
  rows: number;
  /** SHA-256 of the table's data as the dump prints it; equal for a restored copy that is dumped the same way. Of no bytes for no rows. */
  sha256: string;
  /** SHA-256 of its CREATE TABLE without the next AUTO_INCREMENT: keys and constraints are back as well. */
  definitionSha256: string;
}

export interface ObjectCounts {
  views: number;
  triggers: number;
  routines: number;
  events: number;
  sequences: number;
}

/** A fact about the server or a schema that makes a backup worse than it looks. `id` is stable; tests name it. */
export interface Hazard {
  id:
    | "missing-trigger-right"
    | "missing-event-right"
    | "missing-routine-right"
    | "missing-right"
    | "binlog-off"
    | "binlog-format"
    | "binlog-filtered"
    | "binlog-checksum-off"
    | "not-mariadb"
    | "unsupported-version"
    | "broken-view"
    | "float-column"
    | "enum-empty-and-zero"
    | "history-not-dumped"
    | "sequence-cache"
    | "rows-elsewhere"
    | "non-transactional-table"
    | "no-primary-key"
    | "binlog-expiry-short"
    | PhysicalHazardId;
  /** `refuse`: no backup is taken. `omit`: left out and listed. `lossy`: comes back changed. `warn`: works, but costs. */
  effect: "refuse" | "omit" | "lossy" | "warn";
  /** `schema.table`, `schema.view`, a right, a setting. */
  object: string;
  message: string;
  hint: string;
}

/** What a copy of the server must share with it. */
export interface ServerSettings {
  version: string;
  lowerCaseTableNames: number;
  pageSizeBytes: number;
  characterSet: string;
  collation: string;
  sqlMode: string;
  timeZone: string;
  hasTimeZoneTables: boolean;
  plugins: string[];
  /** How InnoDB's own files lie, of a copy of files alone; the server's default where it is not told. */
  fileLayout?: { dataFilePath: string; undoTablespaces: number };
}

export interface ServerFacts {
  version: string;
  /** `@@server_id`. */
  serverId: string;
  dataDirectory: string;
  settings: ServerSettings;
  position: LogPosition;
  logFiles: { file: string; sizeBytes: number }[];
  /** Creation time in the first event of the oldest log file that is there: changes after RESET MASTER or a restore. */
  dataBytes: number;
  tables: number;
  /** Schemas of the applications: all but the server's own. `holdfast` (the heartbeat) is among them. */
  schemas: string[];
}

export interface DumpFacts extends ObjectCounts {
  position: LogPosition;
  /** Position after the last byte of the dump. */
  endPosition: LogPosition;
  tables: TableFacts[];
}

/** What the text of a dump says of itself. */
export interface DumpContent {
  /** Null where it names none. */
  position: LogPosition | null;
  tables: TableFacts[];
  objects: ObjectCounts;
}

export interface Dump {
  /** SQL text for MariaDB's own client. Nothing is dumped before somebody takes it, here or by `piped`. */
  output: Readable;
  /** The same for a program that reads it, which is far cheaper; then `output` is not read. */
  piped?(): PipedBytes;
  /** Settles when the program ended, its exit code was 0, the footer was there and the tables were as many as planned. */
  done: Promise<DumpFacts>;
}

export interface DumpPlan {
  schemas: string[];
  /** Broken views, as `schema.view`: left out. */
  leaveOut: string[];
}

/** What the log says about the time in which the dump ran. */
export interface DumpDisturbance {
  kind: "schema-changed" | "non-transactional-row";
  gtid: string;
  at: Date;
  file: string;
  offset: number;
}

/** Where a replay ends: always a prefix of the commit order. */
export interface ReplayEnd {
  /** Last transaction that is applied; null when none is. */
  gtid: string | null;
  file: string;
  /** First byte that is not applied. */
  offset: number;
}

export interface ReplayPlan {
  /** Log files in order, as plain whole files on disk whose names are the server's; the first is the one of `from`. */
  files: string[];
  from: LogPosition;
  end: ReplayEnd;
}

export interface ReplayFacts {
  /** Transactions applied. */
  transactions: number;
  /** Of the log. */
  bytes: number;
  lastGtid: string | null;
  /** The newest of each domain, as a list: what a log that goes on from here must know. */
  gtidState: string;
  /** The last in the log that was applied; it was found in the target's data. */
  heartbeat: Heartbeat | null;
  /** XA transactions that the log prepared and had not ended at this point: the target holds them open. */
  preparedXa: number;
}

/** Everything that Holdfast asks of a database. Rejects only with EngineError or CancelledError; no message holds a secret or row data. */
export interface DatabaseEngine {
  /** Absent where the engine knows no backups of files. */
  physical?: PhysicalEngine;

  inspect(signal: AbortSignal): Promise<ServerFacts>;
  findHazards(signal: AbortSignal): Promise<Hazard[]>;
  dumpUsers(signal: AbortSignal): { output: Readable; done: Promise<void> };
  dump(plan: DumpPlan, options: { signal: AbortSignal; onProgress?: (bytes: number) => void }): Dump;
  /** Reads the server's log between two positions. */
  findDisturbances(from: LogPosition, to: LogPosition, signal: AbortSignal): Promise<DumpDisturbance[]>;

  /** Makes schema `holdfast` with its table, once. */
  prepareHeartbeat(signal: AbortSignal): Promise<void>;
  /** One beat; resolves when the server acknowledged it. */
  beat(seq: bigint, signal: AbortSignal): Promise<Heartbeat>;
  /** The newest heartbeat in a server's data, or null where there is none. */
  newestHeartbeat(connection: Connection, signal: AbortSignal): Promise<Heartbeat | null>;

  /** Closes the log file that is written now. Returns the one that is written from then on. */
  rotateLog(signal: AbortSignal): Promise<string>;
  /** Follows the server's log into the spool until `stop` or `signal`; reconnects by itself. @throws EngineError when a new incarnation cannot be begun */
  collectLog(options: CollectOptions): Promise<LogCollector>;
  /** Passes one log file's plain bytes through and says what they hold. `done` rejects on a broken event or checksum, or a file cut inside an event. */
  measureLog(file: string, input: Readable, signal: AbortSignal): { output: Readable; done: Promise<LogFileFacts> };
  /** Writes log files into a directory from their segments, in order; each file's first begins at 0, and takes the place of what another attempt left of it. Returns the paths. Rejects on a hole. */
  assembleLog(directory: string, pieces: readonly LogPiece[], signal: AbortSignal): Promise<string[]>;
  /** Removes the directory of a log that was assembled. */
  removeLog(directory: string): Promise<void>;
  /**
   * Whole transactions of plain log files in commit order, those that begin at `fromOffset` of the first or later.
   * Rejects on a broken event or checksum, a file cut inside an event, a hole between files. A transaction whose end
   * is not there yet is not given.
   */
  readLog(files: readonly string[], fromOffset: number, signal: AbortSignal): AsyncIterable<LogTransaction>;

  startScratch(options: ScratchOptions): Promise<ScratchServer>;
  /** Removes what a scratch server or a fetched log left in a directory that Holdfast made; ends a server that still runs there. Returns whether nothing is left. Refuses a directory that is not ours. */
  removeScratch(directory: string): Promise<boolean>;
  /**
   * Before the data: users, roles and their rights on everything or a schema, from the users' artefact, without root and
   * mariadb.sys. The runner's own account is locked there: the log may name it, but nobody gets in. May be done again.
   */
  loadUsers(target: Connection, sql: Readable, signal: AbortSignal): Promise<void>;
  /** After the data: the rights on single tables, columns and routines, from the same artefact. They need these to be there. */
  loadGrants(target: Connection, sql: Readable, signal: AbortSignal): Promise<void>;
  load(
    target: Connection,
    sql: Readable,
    options: { signal: AbortSignal; onProgress?: (bytes: number) => void },
  ): Promise<void>;
  /**
   * Applies exactly the transactions from `plan.from` to `plan.end` through one connection. Before: the plan fits the
   * files (start, end, every event and checksum between, no hole) and the target, which must not have had any of it.
   * After: the server's own count of commits, its last GTID and the last heartbeat are the planned ones.
   */
  replay(
    target: Connection,
    plan: ReplayPlan,
    options: { signal: AbortSignal; onProgress?: (bytes: number) => void },
  ): Promise<ReplayFacts>;
  /** CHECK TABLE of everything. Returns the tables that are not well. */
  checkTables(
    target: Connection,
    signal: AbortSignal,
  ): Promise<{ checked: number; broken: { table: string; message: string }[] }>;
  /**
   * What a dump's text holds, without loading it: footer, position, rows and digests as `dump` takes them, objects.
   * Rejects with kind `damage` where the text is not whole, and with the stream's own error.
   */
  measureDump(sql: Readable): Promise<DumpContent>;
  /** Views, triggers, routines, events and sequences of the schemas. */
  countObjects(target: Connection, schemas: string[], signal: AbortSignal): Promise<ObjectCounts>;
  /** Rows and digests as `dump` takes them. `onProgress` hears the bytes that were read so far. */
  digestTables(
    target: Connection,
    schemas: string[],
    options: { signal: AbortSignal; onProgress?: (bytes: number) => void },
  ): Promise<TableFacts[]>;
  /** The first column of the first row, as text; null for no row. For checks that the owner declared. */
  query(target: Connection, sql: string, signal: AbortSignal): Promise<string | null>;
  /** Ends the heartbeat's kept connection; the engine may be used again. */
  close(): Promise<void>;
}
