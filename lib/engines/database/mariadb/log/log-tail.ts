import { truncate } from "node:fs/promises";
import type { LogOffset } from "../../port";
import { LogChain } from "./log-chain";
import { EVENT } from "./event-types";
import type { LogEvent } from "./scan-events";
import type { Spool } from "./spool";
import { type SpoolPiece, copyOffset, listCopies, newPiece, readHead } from "./spool-piece";
import { compareOffsets } from "./server-log";
import { PieceTail } from "./tail-piece";
import { TransactionTracker } from "./track-transactions";

/** Reads what connection after connection brings, as one log: the proof that nothing is missing between them. */
export class LogTail {
  readonly #chain = new LogChain();
  #tracker: TransactionTracker;
  #directory = "";
  #piece: SpoolPiece | null = null;
  #reader: PieceTail | null = null;
  #at: LogOffset;

  constructor(
    private readonly spool: Spool,
    at: LogOffset,
  ) {
    this.#at = at;
    this.#tracker = new TransactionTracker(at.file, { beginsAnywhere: true });
  }

  /** Everything before it is in the spool. */
  get at(): LogOffset {
    if (this.#piece && this.#piece.end > 0) return { file: this.#piece.file, offset: this.#piece.end };
    return this.#at;
  }

  get isInTransaction(): boolean {
    return this.#tracker.isInTransaction;
  }

  /** Bytes of the current copy. */
  get pieceBytes(): number {
    return this.#piece ? this.#piece.end - this.#piece.start : 0;
  }

  /** A new connection copies into a directory, from `at` on. */
  begin(directory: string): void {
    this.#directory = directory;
  }

  /** Takes what arrived. Returns its bytes. @throws EngineError where it is broken, LogHoleError where it does not follow */
  async readOn(): Promise<number> {
    let total = 0;
    for (;;) {
      const copies = await listCopies(this.#directory);
      if (!this.#piece && !(await this.#openFirst(copies))) return total;
      // Looked for before reading: once the next file is there, this one is complete.
      const next = this.#nextOf(copies);
      const bytes = await this.#read();
      total += bytes;
      if (next === null || bytes > 0) return total;
      await this.#closeFile();
      await this.#openFile(next);
    }
  }

  /** The connection is over: what came of it stays, up to the last whole event. */
  async end(): Promise<void> {
    const piece = this.#piece;
    await this.#reader?.close();
    this.#at = this.at;
    this.#piece = null;
    this.#reader = null;
    if (!piece) return;
    piece.isLive = false;
    // What was copied but not read yet comes again.
    await truncate(piece.path, copyOffset(piece, piece.end));
    if (piece.end <= piece.start) await this.spool.forget(piece);
  }

  /** The server gave its file up here and went on: a file that a killed server left cut. */
  async skipTo(nextFile: string): Promise<void> {
    this.#chain.resumeFile(this.#at.file);
    this.#chain.closeFile(true);
    await this.spool.recordEnd(this.#at.file, this.#at.offset, nextFile);
    this.#moveTo(nextFile);
  }

  async #openFirst(copies: string[]): Promise<boolean> {
    const path = copies.find((name) => name === this.#at.file);
    if (path === undefined) return false;
    const full = `${this.#directory}/${path}`;
    const head = await readHead(full);
    if (head === null) return false;
    this.#attach(newPiece(full, this.#at.offset, head.length));
    if (this.#piece?.start === 0) this.#chain.openFile(this.#at.file);
    else this.#chain.resumeFile(this.#at.file);
    return true;
  }

  #attach(piece: SpoolPiece): void {
    this.#piece = piece;
    this.spool.add(piece);
    const expected = this.spool.lineage.files[piece.file]?.fileId;
    this.#reader = new PieceTail(piece, expected, (event) => this.#accept(event));
  }

  #nextOf(copies: string[]): string | null {
    const here = { file: this.#piece?.file ?? "", offset: 0 };
    return copies.find((name) => compareOffsets({ file: name, offset: 0 }, here) > 0) ?? null;
  }

  async #read(): Promise<number> {
    const [piece, reader] = [this.#piece, this.#reader];
    if (!piece || !reader) return 0;
    const bytes = await reader.readOn();
    if (reader.fileId !== null && !this.spool.lineage.files[piece.file]) {
      await this.spool.recordFile(piece.file, reader.fileId);
    }
    return bytes;
  }

  async #closeFile(): Promise<void> {
    this.#reader?.finish();
    await this.end();
    this.#chain.closeFile(this.#tracker.isInTransaction);
  }

  async #openFile(file: string): Promise<void> {
    this.#chain.openFile(file);
    await this.spool.recordEnd(this.#at.file, this.#at.offset, file);
    this.#moveTo(file);
    this.#attach(newPiece(`${this.#directory}/${file}`, 0, 0));
  }

  #moveTo(file: string): void {
    this.#at = { file, offset: 0 };
    this.#tracker = new TransactionTracker(file);
  }

  #accept(event: LogEvent): void {
    const transaction = this.#tracker.accept(event);
    if (transaction) this.#chain.acceptTransaction(transaction);
    else if (!this.#tracker.isInTransaction && event.type !== EVENT.gtid) this.#chain.accept(event);
  }
}
