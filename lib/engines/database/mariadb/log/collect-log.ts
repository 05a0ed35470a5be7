import type { Readable } from "node:stream";
import { EngineError } from "@/lib/kernel/errors";
import {
  type CollectOptions,
  type Connection,
  type LogChunk,
  type LogCollector,
  type LogCollectorState,
  LogGapError,
  type LogOffset,
} from "../../port";
import { ENGINE } from "../map-error";
import { chunkOf, cutChunk, openCopy } from "./cut-chunk";
import { OlderLog } from "./fetch-older";
import { type Phase, LogFollower } from "./follow-log";
import { beginIncarnation } from "./incarnation";
import type { Lineage } from "./lineage";
import { LogTail } from "./log-tail";
import { compareOffsets } from "./server-log";
import { Spool } from "./spool";
import { type SpoolPiece, copyOffset } from "./spool-piece";
import type { TransactionTracker } from "./track-transactions";

const SPOOL_BYTES = 2 ** 30;
/** Cuts inside transactions whose state is remembered: a few for each repository. */
const CUTS_MAX = 64;
/** So often is a piece brought back that was forgotten just before it was opened. */
const READ_ATTEMPTS_MAX = 5;

/** Follows the server's log, as the port says. */
export async function collectLog(connection: Connection, options: CollectOptions): Promise<LogCollector> {
  const lineage = await lineageOf(connection, options);
  const end = new AbortController();
  const signal = AbortSignal.any([options.signal, end.signal]);
  const bytesMax = options.spoolBytesMax ?? SPOOL_BYTES;
  const spool = await Spool.open({ path: options.spool, bytesMax, signal }, lineage);
  return new Collector({ connection, options, spool, signal, end });
}

async function lineageOf(connection: Connection, options: CollectOptions): Promise<Lineage> {
  const { from, spool, signal } = options;
  if (from?.incarnation && from.serverId) {
    const files = from.fileId ? { [from.file]: { fileId: from.fileId, end: null, nextFile: null } } : {};
    const begin = { file: from.file, offset: 0 };
    return { incarnation: from.incarnation, serverId: from.serverId, begin, files };
  }
  if (from && from.offset !== 0) {
    throw new EngineError(`a new log cannot be begun in the middle of "${from.file}", at ${from.offset}`, {
      engine: ENGINE,
      operation: "follow the log",
      permanent: true,
      hint: "Begin it at offset 0 of the file: only whole files can be read and replayed.",
    });
  }
  return beginIncarnation({ connection, spool, file: from?.file ?? null, signal });
}

interface CollectorParts {
  connection: Connection;
  options: CollectOptions;
  spool: Spool;
  signal: AbortSignal;
  end: AbortController;
}

class Collector implements LogCollector {
  readonly #tail: LogTail;
  readonly #follower: LogFollower;
  readonly #running: Promise<void>;
  readonly #cuts = new Map<string, TransactionTracker>();
  #phase: Phase = { phase: "connecting", message: "connects to the server", hint: null, gap: null };
  readonly #older: OlderLog;

  constructor(private readonly parts: CollectorParts) {
    const { connection, options, spool, signal } = parts;
    const { from, identity, silenceMs } = options;
    const start = from ? { file: from.file, offset: from.offset } : spool.lineage.begin;
    this.#tail = new LogTail(spool, spool.endFrom(start));
    this.#older = new OlderLog({ connection, spool, signal });
    const onPhase = (phase: Phase) => this.#setPhase(phase);
    this.#follower = new LogFollower({ connection, identity, silenceMs, spool, tail: this.#tail, onPhase, signal });
    this.#running = this.#follower.run().catch((error: unknown) => {
      const message = error instanceof Error ? error.message : "an unexpected error";
      this.#setPhase({
        phase: "stopped",
        message: `the log is not followed any more: ${message}`,
        hint: null,
        gap: null,
      });
    });
  }

  get serverId(): string {
    return this.parts.spool.lineage.serverId;
  }

  get incarnation(): string {
    return this.parts.spool.lineage.incarnation;
  }

  get begin(): LogOffset {
    return this.parts.spool.lineage.begin;
  }

  state(): LogCollectorState {
    return { ...this.#phase, collectedTo: this.#tail.at, spoolBytes: this.parts.spool.bytes };
  }

  async next(after: LogOffset, maxBytes: number): Promise<LogChunk | null> {
    const { spool } = this.parts;
    const at = spool.afterFile(after);
    const here = spool.find(at);
    if (here) return this.#cut(here, at, maxBytes);
    if (compareOffsets(at, this.#tail.at) >= 0) return this.#nothingNew();
    const fetched = await this.#older.fetch(at);
    if (fetched) return this.#cut(fetched, at, maxBytes);
    // The fetch may have found that the file ends here.
    const next = spool.afterFile(at);
    return next.file === at.file ? null : this.next(next, maxBytes);
  }

  async read(chunk: LogChunk): Promise<Readable> {
    const { spool } = this.parts;
    const at = { file: chunk.file, offset: chunk.start };
    for (let attempt = 1; attempt <= READ_ATTEMPTS_MAX; attempt += 1) {
      // Another repository's lane may have had the piece forgotten since the chunk was cut from it.
      const piece = spool.find(at) ?? (await this.#older.fetch(at));
      if (!piece || piece.end < chunk.end) break;
      const copy = await openCopy(piece, copyOffset(piece, chunk.start), copyOffset(piece, chunk.end));
      if (copy) return copy;
    }
    throw new EngineError(`the bytes ${chunk.start} to ${chunk.end} of the log file "${chunk.file}" left the spool`, {
      engine: ENGINE,
      operation: "read the collected log",
      permanent: false,
      hint: "Ask for the chunk again: it is then fetched from the server.",
    });
  }

  async release(positions: readonly LogOffset[]): Promise<void> {
    await this.parts.spool.trim(positions);
    this.#follower.wake();
  }

  async stop(): Promise<void> {
    this.parts.end.abort();
    await this.#running;
    await this.#older.idle();
  }

  #setPhase(phase: Phase): void {
    const isSame = phase.phase === this.#phase.phase && phase.message === this.#phase.message;
    this.#phase = phase;
    if (!isSame) this.parts.options.onState?.(this.state());
  }

  #nothingNew(): null {
    const { gap, message, hint } = this.#phase;
    if (gap === null) return null;
    throw new LogGapError(message, gap, { engine: ENGINE, hint: hint ?? "" });
  }

  async #cut(piece: SpoolPiece, at: LogOffset, bytesMax: number): Promise<LogChunk | null> {
    const { spool } = this.parts;
    const tracker = this.#cuts.get(`${at.file}:${at.offset}`) ?? null;
    const cut = await cutChunk({ piece, at, bytesMax, tracker });
    if (cut === null) return null;
    if (cut.tracker) this.#rememberCut(`${at.file}:${cut.end}`, cut.tracker);
    const known = spool.lineage.files[at.file];
    const nextFile = known && known.end === cut.end ? known.nextFile : null;
    return chunkOf(at, cut, { fileId: known?.fileId ?? "", nextFile });
  }

  #rememberCut(place: string, tracker: TransactionTracker): void {
    this.#cuts.set(place, tracker);
    const oldest = this.#cuts.keys().next().value;
    if (this.#cuts.size > CUTS_MAX && oldest !== undefined) this.#cuts.delete(oldest);
  }
}
