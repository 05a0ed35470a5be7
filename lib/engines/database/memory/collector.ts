import { Readable } from "node:stream";
import { newToken } from "@/lib/kernel/ids";
import {
  type CollectOptions,
  type LogChunk,
  type LogCollector,
  type LogCollectorState,
  type LogGap,
  LogGapError,
  type LogOffset,
} from "../port";
import { factsOf, isBefore, memoryFailure, parseLogFile } from "./log";
import type { MemoryServer } from "./server";

/** Follows a memory server's log. It has no spool: what the server deletes before it was asked for is a gap. */
export class MemoryCollector implements LogCollector {
  readonly serverId: string;
  readonly incarnation: string;
  readonly begin: LogOffset;
  /** What the repositories said that they have, newest call last. */
  readonly released: (readonly LogOffset[])[] = [];
  isStopped = false;
  /** Its follower ended for a reason that nobody foresaw. */
  brokenBy: string | null = null;
  #gap: { gap: LogGap; message: string } | null = null;
  readonly #fileIds = new Map<string, string>();

  constructor(
    private readonly server: MemoryServer,
    options: Pick<CollectOptions, "from">,
  ) {
    const { from } = options;
    this.serverId = from?.serverId ?? server.serverId;
    this.incarnation = from?.incarnation ?? newToken(4);
    this.begin = { file: from?.file ?? server.file, offset: 0 };
    if (from?.fileId) this.#fileIds.set(from.file, from.fileId);
  }

  state(): LogCollectorState {
    const phase = this.isStopped || this.brokenBy ? "stopped" : this.#gap ? "gap" : "following";
    const message = this.#gap?.message ?? this.brokenBy ?? "follows the log";
    return { phase, message, hint: null, gap: this.#gap?.gap ?? null, collectedTo: null, spoolBytes: 0 };
  }

  async next(after: LogOffset, maxBytes: number): Promise<LogChunk | null> {
    await Promise.resolve();
    if (this.isStopped) throw memoryFailure("the collector was stopped");
    if (this.brokenBy) return null;
    if (this.#gap && !isBefore(after, this.#gap.gap.wanted)) this.#throwGap();
    this.server.assertAnswers();
    const bytes = this.server.files.get(after.file);
    if (!bytes) return this.#find("purged", after);
    const known = this.#fileIds.get(after.file);
    const fileId = this.server.fileIdOf(after.file);
    if (known !== undefined && known !== fileId) return this.#find("restarted", after);
    this.#fileIds.set(after.file, fileId);
    const parsed = parseLogFile(after.file, bytes, { mayBeCut: true });
    const end = endOfChunk(bytes, after.offset, maxBytes);
    if (end === after.offset) return null;
    const entries = parsed.entries.filter((entry) => entry.endOffset > after.offset && entry.endOffset <= end);
    const nextFile = end === parsed.end ? parsed.nextFile : null;
    return { ...factsOf(entries), file: after.file, start: after.offset, end, fileId, nextFile };
  }

  async read(chunk: LogChunk): Promise<Readable> {
    await Promise.resolve();
    const bytes = this.server.bytesOf(chunk.file).subarray(chunk.start, chunk.end);
    return Readable.from([Buffer.from(bytes)], { objectMode: false });
  }

  async release(positions: readonly LogOffset[]): Promise<void> {
    await Promise.resolve();
    this.released.push(positions);
  }

  async stop(): Promise<void> {
    await Promise.resolve();
    this.isStopped = true;
  }

  #find(reason: LogGap["reason"], wanted: LogOffset): never {
    const oldestFile = [...this.server.files.keys()][0] ?? null;
    this.#gap = { gap: { reason, wanted, oldestFile }, message: `the log cannot be followed from ${wanted.file}` };
    return this.#throwGap();
  }

  #throwGap(): never {
    if (!this.#gap) throw memoryFailure("there is no gap");
    throw new LogGapError(this.#gap.message, this.#gap.gap, { engine: "memory", hint: "A new full is needed." });
  }
}

/** Whole lines, at least one, about `maxBytes`. */
function endOfChunk(bytes: Buffer, start: number, maxBytes: number): number {
  let end = start;
  for (;;) {
    const at = bytes.indexOf("\n", end);
    if (at === -1 || (end > start && at + 1 - start > maxBytes)) return end;
    end = at + 1;
  }
}
