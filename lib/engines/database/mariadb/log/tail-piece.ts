import { type FileHandle, open } from "node:fs/promises";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { LogHoleError, logHole } from "./damage";
import { EVENT } from "./event-types";
import { fileIdOf } from "./read-bodies";
import { EventScanner, type LogEvent } from "./scan-events";
import type { SpoolPiece } from "./spool-piece";

const READ_BYTES = 2 ** 20;
/** Read at a time, so that whoever copies faster than this reads is still watched. */
const TURN_BYTES = 4 * READ_BYTES;

/** Reads a copy as it grows, checks every event, and moves `piece.end` on. */
export class PieceTail {
  readonly #scanner: EventScanner;
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES);
  #handle: FileHandle | null = null;
  #position = 0;
  #fileId: string | null = null;

  constructor(
    private readonly piece: SpoolPiece,
    private readonly expectedId: string | undefined,
    private readonly onEvent: (event: LogEvent) => void,
  ) {
    this.#scanner = new EventScanner({ file: piece.file, resumedAt: piece.start });
  }

  /** Known once the first event was read. */
  get fileId(): string | null {
    return this.#fileId;
  }

  /** Reads what is there, 4 MiB at most. Returns how many bytes it was; 0 at the end. @throws EngineError where it is broken, LogHoleError where it is of another log */
  async readOn(): Promise<number> {
    this.#handle ??= await open(this.piece.path, "r");
    let total = 0;
    while (total < TURN_BYTES) {
      const { bytesRead } = await this.#handle.read(this.#buffer, 0, READ_BYTES, this.#position);
      if (bytesRead === 0) return total;
      this.#position += bytesRead;
      total += bytesRead;
      try {
        this.#scanner.push(this.#buffer.subarray(0, bytesRead), (event) => this.#accept(event));
      } finally {
        if (this.#fileId !== null) this.piece.end = Math.max(this.piece.end, this.#scanner.boundary);
      }
    }
    return total;
  }

  /** The server went on to another file. @throws EngineError where this one ends inside an event */
  finish(): void {
    this.#scanner.finish();
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = null;
  }

  #accept(event: LogEvent): void {
    if (event.type === EVENT.format) this.#acceptFormat(event);
    // The head of a copy that begins in a file's middle was made for the connection.
    if (event.type !== EVENT.format || this.piece.start === 0) this.onEvent(event);
  }

  #acceptFormat(event: LogEvent): void {
    const fileId = fileIdOf(event);
    if (this.expectedId !== undefined && this.expectedId !== fileId) {
      throw logHole(`the server's log file "${this.piece.file}" is another one than before`);
    }
    this.#fileId = fileId;
  }
}

/** How far a copy that nobody writes any more is whole, and the file's id; null where not even its head is. @throws LogHoleError where it is of another log */
export async function scanPiece(
  piece: SpoolPiece,
  fileId: string | undefined,
  signal: AbortSignal,
): Promise<{ end: number; fileId: string } | null> {
  const copy = { ...piece };
  const tail = new PieceTail(copy, fileId, () => {
    if (signal.aborted) throw new CancelledError("stopped while it had to check the spool");
  });
  try {
    while ((await tail.readOn()) > 0);
  } catch (error) {
    // What came before the damage is whole.
    if (!(error instanceof EngineError) || error instanceof LogHoleError) throw error;
  } finally {
    await tail.close();
  }
  return tail.fileId === null ? null : { end: copy.end, fileId: tail.fileId };
}
