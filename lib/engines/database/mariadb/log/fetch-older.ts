import { EngineError } from "@/lib/kernel/errors";
import { type Connection, type LogGap, LogGapError, type LogOffset } from "../../port";
import { ENGINE } from "../map-error";
import { LogHoleError } from "./damage";
import { type FetchOptions, type Fetched, fetchPiece } from "./fetch-piece";
import { describeGap, findGap } from "./follow-log";
import { nextLogFile } from "./log-chain";
import { type ServerLog, readServerLog } from "./server-log";
import type { Spool } from "./spool";
import type { SpoolPiece } from "./spool-piece";

export interface OlderLogOptions {
  connection: Connection;
  spool: Spool;
  signal: AbortSignal;
}

/** Brings back into the spool what it no longer holds, or never did, for a repository that is behind. */
export class OlderLog {
  /** One fetch at a time: two would write the same bytes twice. */
  #fetching: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: OlderLogOptions) {}

  /** A piece with the byte at a place; null where the file ends there. @throws LogGapError where the server no longer has it */
  fetch(at: LogOffset): Promise<SpoolPiece | null> {
    const fetching = this.idle().then(() => this.#fetch(at));
    this.#fetching = fetching;
    return fetching;
  }

  async idle(): Promise<void> {
    await this.#fetching.catch(() => undefined);
  }

  async #fetch(at: LogOffset): Promise<SpoolPiece | null> {
    const { connection, spool, signal } = this.options;
    const already = spool.find(at);
    if (already) return already;
    const server = await readServerLog(connection, signal);
    const gap = findGap(server, at, spool.lineage.serverId);
    if (gap) throw this.#gapError(gap);
    const fileId = spool.lineage.files[at.file]?.fileId;
    const place = { directory: spool.nextDirectory(at), bytesMax: spool.pieceBytesMax };
    const fetched = await this.#fetchPiece({ connection, from: at, fileId, signal, ...place }, server);
    if (fetched.fileId) await spool.recordFile(at.file, fetched.fileId);
    if (fetched.piece) spool.add(fetched.piece);
    return this.#accept(at, fetched, server);
  }

  async #accept(at: LogOffset, fetched: Fetched, server: ServerLog): Promise<SpoolPiece | null> {
    const next = nextLogFile(at.file);
    const isClosed = fetched.isWhole && server.files.some(({ file }) => file === next);
    if (isClosed && next) await this.options.spool.recordEnd(at.file, fetched.piece?.end ?? at.offset, next);
    if (fetched.piece || isClosed) return fetched.piece;
    throw new EngineError(`the server gave nothing of its log file "${at.file}" from ${at.offset} on`, {
      engine: ENGINE,
      operation: "fetch an older part of the log",
      permanent: false,
      hint: "Is the file undamaged on the server? Its error log tells.",
    });
  }

  async #fetchPiece(options: FetchOptions, server: ServerLog): Promise<Fetched> {
    try {
      return await fetchPiece(options);
    } catch (error) {
      const oldestFile = server.files[0]?.file ?? null;
      if (error instanceof LogHoleError)
        throw this.#gapError({ reason: "restarted", wanted: options.from, oldestFile });
      throw error;
    }
  }

  #gapError(gap: LogGap): LogGapError {
    const { message, hint } = describeGap(gap, this.options.connection);
    return new LogGapError(message, gap, { engine: ENGINE, hint });
  }
}
