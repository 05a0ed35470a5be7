import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type {
  CollectOptions,
  Connection,
  DatabaseEngine,
  Dump,
  DumpFacts,
  DumpPlan,
  LogFileFacts,
  LogPiece,
  ReplayFacts,
  ReplayPlan,
} from "../port";
import { MemoryCollector } from "./collector";
import { type PlacedEntry, factsOf, isBefore, memoryFailure, parseLogFile, toTransaction } from "./log";
import { MemoryMachine, describeTables, heartbeatOf } from "./scratch";
import { MemoryServer, type Tables } from "./server";

export { MemoryServer } from "./server";

const NO_OBJECTS = { views: 0, triggers: 0, routines: 0, events: 0, sequences: 0 };

/** A database engine for tests: a server, its log and throw-away servers that live in this process. */
export class MemoryDatabase implements DatabaseEngine {
  readonly machine = new MemoryMachine();
  readonly server: MemoryServer;
  /** Every collector that was started, newest last. */
  readonly collectors: MemoryCollector[] = [];
  /** What a declared query answers; null unless told. */
  answers: (sql: string) => string | null = () => "1000";

  constructor(now: () => Date) {
    this.server = new MemoryServer(now);
    this.machine.isAddressTaken = () => this.server.isAnswering;
  }

  async inspect() {
    await this.#ask();
    const { server } = this;
    return {
      version: SETTINGS.version,
      serverId: server.serverId,
      dataDirectory: "/memory",
      settings: SETTINGS,
      position: server.position,
      logFiles: [...server.files].map(([file, bytes]) => ({ file, sizeBytes: bytes.length })),
      dataBytes: 1_000,
      tables: server.tables.size,
      schemas: schemasOf(server.tables),
    };
  }

  async findHazards() {
    await this.#ask();
    return this.server.hazards;
  }

  dumpUsers() {
    const { server } = this;
    const done = Promise.withResolvers<void>();
    done.promise.catch(() => undefined);
    const bytes = async function* (): AsyncGenerator<Buffer> {
      try {
        server.assertAnswers();
        yield Buffer.from(await Promise.resolve(server.users));
        done.resolve();
      } catch (error) {
        done.reject(error);
        throw error;
      }
    };
    return { output: Readable.from(bytes(), { objectMode: false }), done: done.promise };
  }

  dump(plan: DumpPlan): Dump {
    const { server } = this;
    const done = Promise.withResolvers<DumpFacts>();
    done.promise.catch(() => undefined);
    const bytes = async function* (): AsyncGenerator<Buffer> {
      try {
        server.assertAnswers();
        const position = server.position;
        const snapshot: Tables = new Map([...server.tables].map(([name, rows]) => [name, [...rows]]));
        server.duringDump.shift()?.();
        await Promise.resolve();
        for (const [name, rows] of snapshot) yield Buffer.from(`${JSON.stringify([name, rows])}\n`);
        if (server.dumpError) throw server.dumpError;
        done.resolve({
          ...NO_OBJECTS,
          position,
          endPosition: server.position,
          tables: describeTables(snapshot, plan.schemas),
        });
      } catch (error) {
        done.reject(error);
        throw error;
      }
    };
    return { output: Readable.from(bytes(), { objectMode: false }), done: done.promise };
  }

  async findDisturbances(from: { file: string; offset: number }, to: { file: string; offset: number }) {
    await this.#ask();
    return entriesOf([...this.server.files])
      .filter((entry) => !isBefore(entry, from) && isBefore(entry, to))
      .flatMap((entry) => {
        const { gtid, at, file, offset } = entry;
        const kind = entry.changesSchema ? "schema-changed" : entry.nonTransactional ? "non-transactional-row" : null;
        return kind ? [{ kind, gtid, at, file, offset } as const] : [];
      });
  }

  async rotateLog() {
    await this.#ask();
    this.server.rotate();
    return this.server.file;
  }

  prepareHeartbeat(): Promise<void> {
    return this.#ask();
  }

  async beat(seq: bigint) {
    await this.#ask();
    return this.server.beat(seq);
  }

  async newestHeartbeat(connection: Connection) {
    await Promise.resolve();
    return heartbeatOf(this.machine.at(connection).tables);
  }

  async collectLog(options: CollectOptions) {
    await this.#ask();
    const collector = new MemoryCollector(this.server, options);
    this.collectors.push(collector);
    return collector;
  }

  measureLog(file: string, input: Readable) {
    const done = Promise.withResolvers<LogFileFacts>();
    done.promise.catch(() => undefined);
    const bytes = async function* (): AsyncGenerator<Buffer> {
      const seen: Buffer[] = [];
      try {
        for await (const chunk of input as AsyncIterable<Buffer>) {
          seen.push(chunk);
          yield chunk;
        }
        const whole = Buffer.concat(seen);
        const { fileId, nextFile, entries } = parseLogFile(file, whole);
        done.resolve({ ...factsOf(entries), file, fileId, nextFile, sizeBytes: whole.length });
      } catch (error) {
        done.reject(error);
        throw error;
      }
    };
    return { output: Readable.from(bytes(), { objectMode: false }), done: done.promise };
  }

  async assembleLog(directory: string, pieces: readonly LogPiece[]): Promise<string[]> {
    const paths = new Set<string>();
    for (const piece of pieces) {
      const path = `${directory}/${piece.file}`;
      const bytes = Buffer.from(await text(await piece.open()), "utf8");
      const before = paths.has(path) ? (this.machine.files.get(path) ?? Buffer.alloc(0)) : Buffer.alloc(0);
      if (before.length !== piece.start) throw memoryFailure(`the log file "${piece.file}" has a hole`, true);
      if (bytes.length !== piece.end - piece.start) throw memoryFailure(`a segment of "${piece.file}" is cut`, true);
      this.machine.files.set(path, Buffer.concat([before, bytes]));
      paths.add(path);
    }
    return [...paths];
  }

  async removeLog(directory: string): Promise<void> {
    await Promise.resolve();
    this.machine.removeFiles(directory);
  }

  async *readLog(paths: readonly string[], fromOffset: number) {
    await Promise.resolve();
    for (const entry of entriesOf(this.#filesAt(paths))) {
      if (entry.file === nameOf(paths[0]) && entry.offset < fromOffset) continue;
      yield toTransaction(entry);
    }
  }

  async startScratch(options: Parameters<DatabaseEngine["startScratch"]>[0]) {
    await Promise.resolve();
    return this.machine.start(options);
  }

  async removeScratch(directory: string): Promise<boolean> {
    await Promise.resolve();
    return this.machine.remove(directory);
  }

  async loadUsers(target: Connection, sql: Readable): Promise<void> {
    this.machine.at(target).users = await text(sql);
  }

  async loadGrants(target: Connection, sql: Readable): Promise<void> {
    this.machine.at(target).users += await text(sql);
  }

  async load(target: Connection, sql: Readable): Promise<void> {
    const scratch = this.machine.at(target);
    const { loadError } = this.machine;
    if (loadError) {
      sql.destroy();
      throw loadError;
    }
    for (const line of (await text(sql)).split("\n").filter(Boolean)) {
      const [name, rows] = JSON.parse(line) as [string, string[]];
      scratch.tables.set(name, rows);
    }
  }

  async replay(target: Connection, plan: ReplayPlan): Promise<ReplayFacts> {
    await Promise.resolve();
    const scratch = this.machine.at(target);
    const entries = entriesOf(this.#filesAt(plan.files)).filter(
      (entry) => !isBefore(entry, plan.from) && isBefore(entry, plan.end),
    );
    for (const { row, beat, gtid } of entries) {
      if (row) scratch.tables.set(row.table, [...(scratch.tables.get(row.table) ?? []), row.text]);
      if (beat) scratch.tables.set("holdfast.heartbeat", [`${beat.seq} ${beat.at.toISOString()}`]);
      scratch.gtid = gtid;
    }
    if ((entries.at(-1)?.gtid ?? null) !== plan.end.gtid)
      throw memoryFailure("the replay did not end as planned", true);
    const { transactions, lastGtid, heartbeat } = factsOf(entries);
    return { transactions, bytes: transactions * 100, lastGtid, gtidState: lastGtid ?? "", heartbeat, preparedXa: 0 };
  }

  async checkTables(target: Connection) {
    await Promise.resolve();
    const { tables, broken } = this.machine.at(target);
    return { checked: tables.size, broken };
  }

  async measureDump(sql: Readable) {
    const tables: Tables = new Map();
    for (const line of (await text(sql)).split("\n").filter(Boolean)) {
      const [name, rows] = JSON.parse(line) as [string, string[]];
      tables.set(name, rows);
    }
    return { position: null, tables: describeTables(tables, schemasOf(tables)), objects: { ...NO_OBJECTS } };
  }

  async countObjects(target: Connection) {
    await Promise.resolve();
    this.machine.at(target);
    return { ...NO_OBJECTS };
  }

  async digestTables(target: Connection, schemas: string[]) {
    await Promise.resolve();
    return describeTables(this.machine.at(target).tables, schemas);
  }

  async query(target: Connection, sql: string): Promise<string | null> {
    await Promise.resolve();
    this.machine.at(target);
    return this.answers(sql);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** As over a network: not at once. */
  async #ask(): Promise<void> {
    await Promise.resolve();
    this.server.assertAnswers();
  }

  #filesAt(paths: readonly string[]): [string, Buffer][] {
    return paths.map((path) => {
      const bytes = this.machine.files.get(path);
      if (!bytes) throw memoryFailure(`there is no file "${path}"`, true);
      return [nameOf(path), bytes];
    });
  }
}

const SETTINGS = {
  version: "10.11.19-MariaDB",
  lowerCaseTableNames: 0,
  pageSizeBytes: 16_384,
  characterSet: "utf8mb4",
  collation: "utf8mb4_general_ci",
  sqlMode: "",
  timeZone: "SYSTEM",
  hasTimeZoneTables: false,
  plugins: [],
};

function schemasOf(tables: Tables): string[] {
  return [...new Set([...tables.keys()].map((name) => name.split(".")[0] ?? ""))].sort();
}

function entriesOf(files: readonly [string, Buffer][]): PlacedEntry[] {
  return files.flatMap(([file, bytes]) => parseLogFile(file, bytes).entries);
}

function nameOf(path: string | undefined): string {
  return path?.slice(path.lastIndexOf("/") + 1) ?? "";
}
