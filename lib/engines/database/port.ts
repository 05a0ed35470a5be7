import type { Readable } from "node:stream";
import type { Secret } from "@/lib/kernel/secret";

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
  /** SHA-256 of the table's data as the dump prints it; equal for a restored copy that is dumped the same way. */
  sha256: string;
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
    | "not-mariadb"
    | "unsupported-version"
    | "broken-view"
    | "float-column"
    | "enum-empty-and-zero"
    | "non-transactional-table"
    | "no-primary-key"
    | "binlog-expiry-short";
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

export interface DumpFacts {
  position: LogPosition;
  /** Position after the last byte of the dump. */
  endPosition: LogPosition;
  tables: TableFacts[];
  views: number;
  triggers: number;
  routines: number;
  events: number;
  sequences: number;
}

export interface Dump {
  /** SQL text for MariaDB's own client. */
  output: Readable;
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

export interface ScratchServer {
  directory: string;
  socket: string;
  port: number;
  connection: Connection;
  pid: number;
  /** Ends the server and waits for it. Twice is once. */
  stop(): Promise<void>;
  /** Clean restart with settings that are safe to keep data in (doublewrite, flush at commit). */
  restartSafely(signal: AbortSignal): Promise<void>;
}

export interface ScratchOptions {
  /** Short, empty or absent; the data directory, socket and log go below it. */
  directory: string;
  /** 0 takes a free one. */
  port: number;
  settings: ServerSettings;
  signal: AbortSignal;
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
  /** Log files in order, as plain files on disk whose names are the server's. */
  files: string[];
  from: LogPosition;
  end: ReplayEnd;
}

export interface ReplayFacts {
  /** Transactions applied. */
  transactions: number;
  bytes: number;
  lastGtid: string | null;
}

/** One transaction in a log, in commit order. */
export interface LogTransaction {
  gtid: string;
  file: string;
  /** Of its GTID event. */
  offset: number;
  /** First byte after it. */
  endOffset: number;
  /** Event time: whole seconds, not ordered. */
  at: Date;
  /** Set when it writes the heartbeat: the row's own microsecond time. */
  heartbeat: { seq: bigint; at: Date } | null;
  changesSchema: boolean;
  transactional: boolean;
}

export interface LogChunk {
  file: string;
  start: number;
  /** An event boundary. */
  end: number;
}

export interface LogCollector {
  /** Whole events in the spool that are not shipped yet, up to `maxBytes`, or null when there is nothing new. */
  next(maxBytes: number): Promise<LogChunk | null>;
  /** Plain bytes of a chunk. */
  read(chunk: LogChunk): Readable;
  /** Says that every repository has the chunk: the spool may forget it. */
  shipped(chunk: LogChunk): Promise<void>;
  /** Files that the server has closed and that are wholly shipped. */
  closedFiles(): string[];
  stop(): Promise<void>;
}

export interface Heartbeat {
  seq: bigint;
  /** The row's time, of the database's clock, microseconds truncated to milliseconds. */
  at: Date;
}

/** Everything that Holdfast asks of a database. Rejects only with EngineError or CancelledError; no message holds a secret or row data. */
export interface DatabaseEngine {
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

  /** Follows the server's log into the spool until `signal` ends it; reconnects by itself. */
  collectLog(options: {
    spool: string;
    /** Where to go on; null: from the server's current position. */
    from: { file: string; offset: number } | null;
    onState?: (state: { connected: boolean; message: string }) => void;
    signal: AbortSignal;
  }): Promise<LogCollector>;
  /** Transactions of plain log files in commit order, from an offset in the first. Rejects on a broken event or checksum. */
  readLog(files: string[], fromOffset: number, signal: AbortSignal): AsyncIterable<LogTransaction>;

  startScratch(options: ScratchOptions): Promise<ScratchServer>;
  /** Loads the users' artefact, without root, mariadb.sys and the runner's own account. */
  loadUsers(target: Connection, sql: Readable, signal: AbortSignal): Promise<void>;
  load(target: Connection, sql: Readable, options: { signal: AbortSignal; onProgress?: (bytes: number) => void }): Promise<void>;
  /** One connection for the whole list; proves that the last transaction is the planned one, and that it was applied once. */
  replay(target: Connection, plan: ReplayPlan, options: { signal: AbortSignal; onProgress?: (bytes: number) => void }): Promise<ReplayFacts>;
  /** CHECK TABLE of everything. Returns the tables that are not well. */
  checkTables(target: Connection, signal: AbortSignal): Promise<{ checked: number; broken: { table: string; message: string }[] }>;
  /** Rows and digests as `dump` takes them. */
  digestTables(target: Connection, schemas: string[], signal: AbortSignal): Promise<TableFacts[]>;
  /** The first column of the first row, as text; null for no row. For checks that the owner declared. */
  query(target: Connection, sql: string, signal: AbortSignal): Promise<string | null>;
}
