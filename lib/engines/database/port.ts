import type { Readable } from "node:stream";
import type { PipedBytes } from "@/lib/engines/shared/piped-bytes";
import { EngineError } from "@/lib/kernel/errors";
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

export interface DumpFacts extends ObjectCounts {
  position: LogPosition;
  /** Position after the last byte of the dump. */
  endPosition: LogPosition;
  tables: TableFacts[];
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

export interface ScratchServer {
  directory: string;
  socket: string;
  port: number;
  connection: Connection;
  /** Lets MariaDB's own client in, as `mariadb --defaults-file=…`: the password stands in it and nowhere else. */
  optionFile: string;
  /** Starts it again after `leaveBehind`, as `mariadbd --defaults-file=…`; it is there from then on. */
  serverFile: string;
  pid: number;
  /** Ends the server and waits for it. Twice is once. */
  stop(): Promise<void>;
  /** Ends the server cleanly and leaves its directory to the person: nothing of Holdfast removes it from then on. */
  leaveBehind(): Promise<void>;
  /** Clean restart with settings that are safe to keep data in (doublewrite, flush at commit). */
  restartSafely(signal: AbortSignal): Promise<void>;
  /** Resolves when the running process ends, by itself or not, with the errors of its log. A restart starts another. */
  exited(): Promise<{ exitCode: number | null; message: string }>;
  /**
   * Makes the recovered server the primary: restarts it at the address, with its log on (ROW, GTID, safe settings),
   * owned by nobody, so that it outlives the runner. New transactions follow `gtid`. The runner's own account is made
   * with the least privileges. Refuses when something answers at the address already.
   */
  takeAddress(options: {
    connection: Connection;
    serverId: string;
    gtid: string;
    signal: AbortSignal;
  }): Promise<{ pid: number }>;
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
  /** Set when it writes the heartbeat: the row's own time. */
  heartbeat: Heartbeat | null;
  /** DDL, accounts and rights included; not temporary tables, not ANALYZE and the like. */
  changesSchema: boolean;
  /** False where it may have written a table that cannot roll back; also after a use of a temporary table. */
  transactional: boolean;
}

/** A place in the server's log: the byte before which everything is there. An event boundary; 0 is the file's beginning. */
export interface LogOffset {
  file: string;
  offset: number;
}

/** What a stretch of log holds, as its transactions say. A transaction counts where it ends. */
export interface LogFacts {
  transactions: number;
  firstGtid: string | null;
  lastGtid: string | null;
  /** Event times: whole seconds of the server's clock. */
  firstAt: Date | null;
  lastAt: Date | null;
  /** The newest in it. */
  heartbeat: Heartbeat | null;
  /** The last transaction goes on after it: only where one is larger than what was asked for. */
  endsInTransaction: boolean;
}

export interface LogChunk extends LogFacts {
  file: string;
  start: number;
  /** An event boundary. */
  end: number;
  /** Digest of the file's first event: the same name with another id is another log. */
  fileId: string;
  /** Set on the file's last chunk: the name of the file with which the log goes on. */
  nextFile: string | null;
}

/** One whole log file. */
export interface LogFileFacts extends LogFacts {
  file: string;
  fileId: string;
  sizeBytes: number;
  /** From its last event; null where the file was not closed (the server was killed, or still writes it). */
  nextFile: string | null;
}

/** Why the log cannot be followed without a hole. The collector stops at it; a new one must be started on purpose. */
export interface LogGap {
  /** `purged`: the server deleted the file. `restarted`: RESET MASTER, a restored or another server: the bytes there are not the ones that follow. */
  reason: "purged" | "restarted";
  wanted: LogOffset;
  /** From where the server's log can still be had; null when it says none. */
  oldestFile: string | null;
}

/** @see LogGap. Never thrown for anything that a retry mends. */
export class LogGapError extends EngineError {
  constructor(
    message: string,
    readonly gap: LogGap,
    options: { engine: string; hint: string },
  ) {
    super(message, { ...options, operation: "follow the log", permanent: true });
  }
}

export interface LogCollectorState {
  /** `waiting`: not connected, tries again by itself. `full`: the spool holds what it may and nothing of it was shipped; follows again after `release`. */
  phase: "connecting" | "following" | "waiting" | "full" | "gap" | "stopped";
  /** One sentence about the phase, for people. */
  message: string;
  hint: string | null;
  gap: LogGap | null;
  /** Everything before it is in the spool or shipped. */
  collectedTo: LogOffset | null;
  spoolBytes: number;
}

/** Where a collector goes on: what was shipped last, and of which log. */
export interface LogResume extends LogOffset {
  /** Both null: a new incarnation begins at `offset`, which is then 0. */
  incarnation: string | null;
  serverId: string | null;
  /** Of the chunk that ended there; null when not known, or at offset 0: not compared then. */
  fileId: string | null;
}

export interface CollectOptions {
  /** A directory of this system's collector alone; made 0700. What an earlier collector left there is used when it fits. */
  spool: string;
  /** Bytes that it may hold; 1 GiB unless told. */
  spoolBytesMax?: number;
  /** Stable and unique, such as `<console>/<system>`: the replica id is made of it. */
  identity: string;
  /** The newest position that a repository has; null: from byte 0 of the file that the server writes now. */
  from: LogResume | null;
  /** After a silence of so long the connection is questioned: three periods of the heartbeat. */
  silenceMs: number;
  onState?: (state: LogCollectorState) => void;
  signal: AbortSignal;
}

/**
 * Follows one server's log. Every repository has a position of its own; the collector keeps none of them. Chunks are
 * ranges of the server's own bytes. Its log always begins at byte 0 of a file, so that a file put together from
 * chunks is a whole one.
 */
export interface LogCollector {
  readonly serverId: string;
  /** Of the log: changes after RESET MASTER, a restore, another server. */
  readonly incarnation: string;
  /** Byte 0 of the file with which it began, for a repository that has nothing yet. */
  readonly begin: LogOffset;
  state(): LogCollectorState;
  /**
   * The bytes that follow a repository's position: whole transactions, about `maxBytes` at most; one that is larger
   * is cut between events. Null when there is nothing new. What the spool no longer holds is fetched from the server.
   * @throws LogGapError once everything before the gap was given; EngineError: try again later
   */
  next(after: LogOffset, maxBytes: number): Promise<LogChunk | null>;
  /** Plain bytes of a chunk, any number of times; what the spool no longer holds is fetched from the server again. */
  read(chunk: LogChunk): Promise<Readable>;
  /** The positions of all repositories: the spool may forget what every one has, and under pressure what the newest has. */
  release(positions: readonly LogOffset[]): Promise<void>;
  stop(): Promise<void>;
}

/** Plain bytes of one segment of a log file. */
export interface LogPiece {
  file: string;
  start: number;
  end: number;
  open(): Promise<Readable>;
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

  /** Follows the server's log into the spool until `stop` or `signal`; reconnects by itself. @throws EngineError when a new incarnation cannot be begun */
  collectLog(options: CollectOptions): Promise<LogCollector>;
  /** Passes one log file's plain bytes through and says what they hold. `done` rejects on a broken event or checksum, or a file cut inside an event. */
  measureLog(file: string, input: Readable, signal: AbortSignal): { output: Readable; done: Promise<LogFileFacts> };
  /** Writes log files into a directory from their segments, in order; each file's first begins at 0. Returns the paths. Rejects on a hole. */
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
  /** Rows and digests as `dump` takes them. */
  digestTables(target: Connection, schemas: string[], signal: AbortSignal): Promise<TableFacts[]>;
  /** The first column of the first row, as text; null for no row. For checks that the owner declared. */
  query(target: Connection, sql: string, signal: AbortSignal): Promise<string | null>;
  /** Ends the heartbeat's kept connection; the engine may be used again. */
  close(): Promise<void>;
}
