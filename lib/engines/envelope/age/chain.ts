import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { drained } from "@/lib/engines/shared/drained";
import { type ProgramOptions, startProgram } from "@/lib/engines/shared/process";

/**
 * What a program says when the one behind it went away, or when we ended it: never the cause. A socket that was closed
 * with bytes in it is reset; none of these programs has another connection.
 */
const CONSEQUENCE = /broken pipe|connection reset by peer|SIGPIPE|was ended by SIGTERM/i;

/** Programs that hand bytes to each other, in the order of the flow. They live and die together. */
export class Chain {
  readonly #operation: string;
  readonly #signal: AbortSignal;
  readonly #children: ChildProcess[] = [];
  readonly #ends: Promise<unknown>[] = [];
  #isStopped = false;

  constructor(operation: string, signal: AbortSignal) {
    this.#operation = operation;
    this.#signal = signal;
  }

  /** The next program of the flow. @throws CancelledError after `stop` */
  start(options: Pick<ProgramOptions, "program" | "args" | "stdio" | "hint" | "explain">): ChildProcess {
    if (this.#isStopped) throw new CancelledError(`stopped before it could ${this.#operation}`);
    const { child, done } = startProgram({
      ...options,
      engine: "envelope",
      operation: this.#operation,
      signal: this.#signal,
    });
    this.#children.push(child);
    this.watch(done);
    return child;
  }

  /** The next program, which reads the output of the one before by itself: these bytes never pass through this process. */
  startBehind(
    pipe: Readable,
    options: Pick<ProgramOptions, "program" | "args" | "hint" | "explain">,
    into: Socket | "pipe" = "pipe",
  ): ChildProcess {
    const child = this.start({ ...options, stdio: [pipe, into, "pipe"] });
    pipe.destroy();
    return child;
  }

  /** Hands over a source's bytes, showing each chunk on the way. Ends the chain when the source fails. */
  feed(source: Readable, sink: Writable, see: (chunk: Buffer) => void): void {
    this.watch(pump(source, sink, see).catch((error: unknown) => Promise.reject(this.#brokenSource(error))));
  }

  /** Ends the programs and closes their streams. */
  stop(): void {
    this.#isStopped = true;
    for (const child of this.#children) {
      child.kill("SIGTERM");
      child.stdin?.destroy();
      child.stdout?.destroy();
    }
  }

  /** Resolves when every program ended well; otherwise rejects, once all have ended, with the cause of it all. */
  async settle(): Promise<void> {
    const results = await Promise.allSettled(this.#ends);
    if (this.#signal.aborted) throw new CancelledError(`stopped while it had to ${this.#operation}`);
    const failures = results.flatMap((result) => (result.status === "rejected" ? [result.reason as Error] : []));
    if (failures.length === 0) return;
    throw (
      failures.find((failure) => !CONSEQUENCE.test(failure.message)) ??
      new CancelledError(`the reader went away while it had to ${this.#operation}`)
    );
  }

  /** Something else on whose end the whole depends. */
  watch(end: Promise<unknown>): void {
    this.#ends.push(end);
    end.catch(() => this.stop());
  }

  #brokenSource(error: unknown): Error {
    if (error instanceof EngineError || error instanceof CancelledError) return error;
    return new EngineError(`the data broke off before its end while it had to ${this.#operation}`, {
      engine: "envelope",
      operation: this.#operation,
      permanent: false,
      hint: "Look at what produced the data: it ended with an error of its own.",
      cause: error,
    });
  }
}

/** Rejects with the source's failure alone: why a sink closed, its program's exit code tells. */
async function pump(source: Readable, sink: Writable, see: (chunk: Buffer) => void): Promise<void> {
  let isSinkClosed = false;
  const close = () => {
    isSinkClosed = true;
    source.destroy();
  };
  sink.once("close", close);
  sink.on("error", () => undefined); // EPIPE; "close" follows
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      see(chunk);
      if (!sink.write(chunk)) await drained(sink);
    }
    sink.removeListener("close", close);
    sink.end();
  } catch (error) {
    if (!isSinkClosed) throw error;
  }
}
