import { newToken } from "@/lib/kernel/ids";
import type { Hazard, Heartbeat, LogPosition } from "../port";
import { type Entry, beginLine, entryLine, fileName, memoryFailure, parseLogFile, rotateLine } from "./log";

/** Rows of tables, as `schema.table` → lines. */
export type Tables = Map<string, string[]>;

/** A database server that lives in a test: its tables, its log, and what a test does to them. */
export class MemoryServer {
  readonly serverId = "1";
  readonly tables: Tables = new Map([["shop.orders", []]]);
  /** Of the log, oldest first. */
  readonly files = new Map<string, Buffer>();
  users = "CREATE USER shop;";
  hazards: Hazard[] = [];
  /** Done once each while a dump runs, after its snapshot; the next dump takes the next one. */
  readonly duringDump: (() => void)[] = [];
  /** What the next dump says after its last byte. */
  dumpError: Error | null = null;
  #sequence = 0;
  #fileNumber = 0;
  #failure: { message: string; permanent: boolean } | null = null;

  constructor(private readonly now: () => Date) {
    this.#openFile();
  }

  /** From now on nothing of it answers; null: it does again. `permanent`: it answers, and refuses. */
  fail(message: string | null, permanent = false): void {
    this.#failure = message === null ? null : { message, permanent };
  }

  get isAnswering(): boolean {
    return this.#failure === null;
  }

  /** @throws EngineError while it does not answer */
  assertAnswers(): void {
    if (this.#failure) throw memoryFailure(this.#failure.message, this.#failure.permanent);
  }

  /** One transaction with one row. Returns its GTID. */
  write(text: string, change: Pick<Entry, "changesSchema" | "nonTransactional"> & { table?: string } = {}): string {
    const { table = "shop.orders", ...kind } = change;
    this.tables.set(table, [...(this.tables.get(table) ?? []), text]);
    return this.#append({ row: { table, text }, ...kind });
  }

  /** One heartbeat, acknowledged. */
  beat(seq: bigint): Heartbeat {
    this.assertAnswers();
    const beat = { seq, at: this.now() };
    this.tables.set("holdfast.heartbeat", [`${seq} ${beat.at.toISOString()}`]);
    this.#append({ beat });
    return beat;
  }

  /** Closes the log file and goes on with the next. */
  rotate(): void {
    const file = this.file;
    this.#put(file, rotateLine(fileName(this.#fileNumber + 1)));
    this.#openFile();
  }

  /** Deletes a log file. */
  purge(file: string): void {
    this.files.delete(file);
  }

  /** RESET MASTER: the log begins anew, with the same names. */
  resetLog(): void {
    this.files.clear();
    this.#fileNumber = 0;
    this.#openFile();
  }

  get file(): string {
    return fileName(this.#fileNumber);
  }

  get position(): LogPosition {
    return {
      gtid: this.#sequence === 0 ? "" : `0-${this.serverId}-${this.#sequence}`,
      file: this.file,
      offset: this.bytesOf(this.file).length,
    };
  }

  bytesOf(file: string): Buffer {
    return this.files.get(file) ?? Buffer.alloc(0);
  }

  fileIdOf(file: string): string {
    return parseLogFile(file, this.bytesOf(file), { mayBeCut: true }).fileId;
  }

  #append(entry: Omit<Entry, "gtid" | "at">): string {
    this.#sequence += 1;
    const gtid = `0-${this.serverId}-${this.#sequence}`;
    const at = new Date(Math.floor(this.now().getTime() / 1_000) * 1_000);
    this.#put(this.file, entryLine({ gtid, at, ...entry }));
    return gtid;
  }

  #put(file: string, line: Buffer): void {
    this.files.set(file, Buffer.concat([this.bytesOf(file), line]));
  }

  #openFile(): void {
    this.#fileNumber += 1;
    this.files.set(this.file, beginLine(newToken()));
  }
}
