import { setTimeout as delay } from "node:timers/promises";
import { CancelledError, EngineError, HoldfastError } from "@/lib/kernel/errors";
import { monotonicMs } from "@/lib/kernel/time";
import type { Connection, LogCollectorState, LogGap, LogOffset } from "../../port";
import { describePlace } from "../connect";
import { ENGINE } from "../map-error";
import { LogHoleError } from "./damage";
import { LogClientError, startLogClient } from "./log-client";
import { nextLogFile } from "./log-chain";
import type { LogTail } from "./log-tail";
import { deriveReplicaId } from "./replica-id";
import { type ServerLog, compareOffsets, logFileNumber, readServerLog } from "./server-log";
import type { Spool } from "./spool";

/** How often the copy is looked at. */
const POLL_MS = 50;
const BACKOFF_MS = 100;
const BACKOFF_MS_MAX = 3_000;
/** Failures that could pass by themselves become a gap when they come back at the same place. */
const SAME_FAILURES_MAX = 3;

export interface FollowOptions {
  connection: Connection;
  identity: string;
  silenceMs: number;
  spool: Spool;
  tail: LogTail;
  onPhase: (phase: Phase) => void;
  signal: AbortSignal;
}

export type Phase = Pick<LogCollectorState, "phase" | "message" | "hint" | "gap">;

/** Why one connection was given up. */
type Ending = { why: "failed"; error: EngineError } | { why: "silent" | "full" | "long" };

/** Keeps a connection that copies the log into the spool, for as long as `signal` lets it. Ends by itself only at a gap. */
export class LogFollower {
  #failures = 0;
  #heardAt = 0;
  /** Set by `release`: there may be room again. */
  #wake: () => void = () => undefined;

  constructor(private readonly options: FollowOptions) {}

  wake(): void {
    this.#wake();
  }

  async run(): Promise<void> {
    const { signal } = this.options;
    while (!signal.aborted) {
      const gap = await this.#connectOnce();
      if (gap) return this.#phase({ phase: "gap", gap, ...describeGap(gap, this.options.connection) });
    }
    this.#phase({ phase: "stopped", message: "the log is not followed any more", hint: null, gap: null });
  }

  async #connectOnce(): Promise<LogGap | null> {
    const { spool, tail, connection, signal } = this.options;
    if (spool.isFull) return this.#waitForRoom();
    const before = tail.at;
    try {
      const server = await readServerLog(connection, signal);
      const gap = this.#gapIn(server) && (await this.#confirmGap());
      if (gap) return gap;
      const ending = await this.#copy(server);
      if (signal.aborted) return null;
      if (compareOffsets(tail.at, before) > 0) this.#failures = 0;
      return ending.why === "failed" ? await this.#acceptFailure(ending.error) : null;
    } catch (error) {
      if (signal.aborted || error instanceof CancelledError) return null;
      if (error instanceof LogHoleError) return { reason: "restarted", wanted: tail.at, oldestFile: null };
      if (!(error instanceof HoldfastError)) throw error;
      return this.#waitAfter(error);
    }
  }

  /** A gap costs a full backup: one look may fall into a moment of the server's own bookkeeping. */
  async #confirmGap(): Promise<LogGap | null> {
    const { connection, signal } = this.options;
    await delay(POLL_MS * 10);
    return this.#gapIn(await readServerLog(connection, signal));
  }

  #gapIn(server: ServerLog): LogGap | null {
    const { tail, spool } = this.options;
    return findGap(server, tail.at, spool.lineage.serverId);
  }

  /** One connection, until it ends or is given up. */
  async #copy(server: ServerLog): Promise<Ending> {
    const { spool, tail, connection, identity, signal } = this.options;
    const directory = spool.nextDirectory(tail.at);
    const giveUp = new AbortController();
    const running = await startLogClient({
      connection,
      directory,
      from: tail.at,
      replicaId: deriveReplicaId(identity, [server.serverId, ...server.replicaIds]),
      signal: AbortSignal.any([signal, giveUp.signal]),
    });
    tail.begin(directory);
    const failed = running.done.then(endedByItself, (error: unknown) => error as EngineError);
    try {
      return await this.#watch(failed);
    } finally {
      giveUp.abort();
      await failed;
      await tail.end();
    }
  }

  async #watch(failed: Promise<EngineError>): Promise<Ending> {
    const { tail, signal } = this.options;
    let error: EngineError | null = null;
    void failed.then((reason) => (error = reason));
    this.#heardAt = monotonicMs();
    for (;;) {
      // The program's end is noted before reading, so that its last bytes are not missed.
      const ended = error;
      const bytes = await tail.readOn();
      if (bytes > 0) this.#following();
      if (ended && bytes === 0) return { why: "failed", error: ended };
      if (signal.aborted) throw new CancelledError("stopped while it had to follow the log");
      const limit = this.#limitReached();
      if (limit) return { why: limit };
      if (await this.#isSilent(bytes)) return { why: "silent" };
      if (bytes === 0) await Promise.race([delay(POLL_MS), failed]);
    }
  }

  async #isSilent(bytes: number): Promise<boolean> {
    const isQuiet = bytes === 0 && monotonicMs() - this.#heardAt > this.options.silenceMs;
    if (isQuiet && (await this.#isBehind())) return true;
    if (isQuiet || bytes > 0) this.#heardAt = monotonicMs();
    return false;
  }

  #limitReached(): "full" | "long" | null {
    const { spool, tail } = this.options;
    if (spool.isFull) return "full";
    return tail.pieceBytes > spool.pieceBytesMax && !tail.isInTransaction ? "long" : null;
  }

  /** A connection whose other end is gone says nothing: only the server, asked anew, tells whether it has more. */
  async #isBehind(): Promise<boolean> {
    const { connection, tail, signal } = this.options;
    const { end } = await readServerLog(connection, signal);
    await delay(POLL_MS * 4);
    if ((await tail.readOn()) > 0) return false;
    // Less than what was collected is another log: the next connection names it.
    return compareOffsets(end, tail.at) !== 0;
  }

  async #acceptFailure(error: EngineError): Promise<LogGap | null> {
    const { connection, tail, signal } = this.options;
    const failure = error instanceof LogClientError ? error.failure : "unknown";
    if (failure === "torn") {
      const server = await readServerLog(connection, signal);
      const next = nextLogFile(tail.at.file);
      if (next && server.files.some(({ file }) => file === next)) {
        await tail.skipTo(next);
        return null;
      }
    }
    if (failure === "position" && this.#failures >= SAME_FAILURES_MAX) {
      return { reason: "restarted", wanted: tail.at, oldestFile: null };
    }
    return this.#waitAfter(error);
  }

  async #waitAfter(error: HoldfastError): Promise<null> {
    this.#phase({ phase: "waiting", message: error.message, hint: error.hint ?? null, gap: null });
    await this.#pause(Math.min(BACKOFF_MS * 2 ** this.#failures, BACKOFF_MS_MAX));
    this.#failures += 1;
    return null;
  }

  async #waitForRoom(): Promise<null> {
    const message = "the spool is full: nothing more is copied until a repository has taken some of it";
    const hint = "Can every repository be reached? The server keeps the log meanwhile, as long as it is told to.";
    this.#phase({ phase: "full", message, hint, gap: null });
    while (this.options.spool.isFull && !this.options.signal.aborted) await this.#pause(BACKOFF_MS_MAX);
    return null;
  }

  /** Ends early when it is stopped or woken. */
  async #pause(ms: number): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const signal = AbortSignal.any([this.options.signal, woken.signal]);
    await delay(ms, undefined, { signal }).catch(() => undefined);
  }

  #following(): void {
    const place = describePlace(this.options.connection);
    this.#phase({ phase: "following", message: `follows the log of ${place}`, hint: null, gap: null });
  }

  #phase(phase: Phase): void {
    this.options.onPhase(phase);
  }
}

function endedByItself(): EngineError {
  return new EngineError("the copying of the log ended without an error", {
    engine: ENGINE,
    operation: "follow the log",
    permanent: false,
    hint: "Does the server's error log say why it closed the connection?",
  });
}

/** Whether the server still has the byte that follows, as far as its id, names and sizes tell. */
export function findGap(server: ServerLog, at: LogOffset, serverId: string): LogGap | null {
  const oldestFile = server.files[0]?.file ?? null;
  // After a failover the address leads to another server, whose log may have the very same names.
  if (String(server.serverId) !== serverId) return { reason: "restarted", wanted: at, oldestFile };
  const file = server.files.find((candidate) => candidate.file === at.file);
  if (file && file.sizeBytes >= at.offset) return null;
  const isPurged = !file && oldestFile !== null && logFileNumber(at.file) < logFileNumber(oldestFile);
  return { reason: isPurged ? "purged" : "restarted", wanted: at, oldestFile };
}

/** The gap in words. */
export function describeGap(gap: LogGap, connection: Connection): { message: string; hint: string } {
  const where = `"${gap.wanted.file}" at ${gap.wanted.offset}`;
  const place = describePlace(connection);
  if (gap.reason === "purged") {
    return {
      message: `the server ${place} purged its log before it was collected: ${where} is gone`,
      hint: "Take a full backup now, and raise expire_logs_days (binlog_expire_logs_seconds) above the longest outage of the runner.",
    };
  }
  return {
    message: `the log of the server ${place} does not go on where it was left, ${where}: it was begun anew or cut, or it is another server`,
    hint: "Was RESET MASTER run, the server restored, or did it lose the end of its log in a crash? Take a full backup now.",
  };
}
