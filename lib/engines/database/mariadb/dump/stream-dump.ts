import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CancelledError } from "@/lib/kernel/errors";
import { type RunningProgram, startProgram } from "@/lib/engines/shared/process";
import type { Connection } from "../../port";
import { describePlace } from "../connect";
import { writeDefaultsFile } from "../defaults-file";
import { ENGINE } from "../map-error";
import { explainDumpError, malformedDump } from "./explain-dump";
import { MalformedDumpError } from "./split-dump";

export interface StreamedDump<T> {
  /** Ends well only if everything is well; otherwise it fails, so that no reader takes a part for the whole. */
  output: Transform;
  done: Promise<T>;
}

export interface DumpStream<T> {
  connection: Connection;
  /** "dump the data". */
  operation: string;
  /** Asked once, before the program starts. */
  args(): Promise<string[]>;
  /** Sees every chunk on its way. */
  onChunk(chunk: Buffer): void;
  /** After exit code 0: checks the whole, and may add bytes of its own by `append`. */
  onEnd(append: (text: string) => void): Promise<T>;
  signal: AbortSignal;
}

function translate(error: unknown, operation: string): unknown {
  return error instanceof MalformedDumpError ? malformedDump(error.message, operation) : error;
}

/** Passes bytes on, shows them to `onChunk`, and ends only after `finish`. */
function watchOutput(
  onChunk: (chunk: Buffer) => void,
  finish: (append: (text: string) => void) => Promise<void>,
  operation: string,
): Transform {
  const output = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      try {
        onChunk(chunk);
        next(null, chunk);
      } catch (error) {
        next(translate(error, operation) as Error);
      }
    },
    flush(next) {
      finish((text) => output.push(text)).then(
        () => next(),
        (error: unknown) => next(translate(error, operation) as Error),
      );
    },
  });
  // `done` tells it as well; without a listener a reader that is not there yet would end the process.
  output.on("error", () => undefined);
  return output;
}

/** Runs mariadb-dump for little output, which is read in this process and handed on unchanged. Its exit code and `onEnd` are awaited before the output ends. */
export function streamDump<T>(stream: DumpStream<T>): StreamedDump<T> {
  const { operation, connection } = stream;
  const reader = new AbortController();
  const signal = AbortSignal.any([stream.signal, reader.signal]);
  let running: RunningProgram | undefined;
  let result: { value: T } | undefined;
  const finish = async (append: (text: string) => void) => {
    await running?.done;
    result = { value: await stream.onEnd(append) };
  };
  const output = watchOutput((chunk) => stream.onChunk(chunk), finish, operation);
  // A reader that goes away ends the program as well. After a good end this does nothing.
  output.once("close", () => reader.abort());

  const run = async (): Promise<T> => {
    if (stream.signal.aborted) throw new CancelledError(`stopped while it had to ${operation}`);
    const args = await stream.args();
    const defaults = await writeDefaultsFile(connection);
    try {
      running = startProgram({
        engine: ENGINE,
        operation,
        program: "mariadb-dump",
        args: [defaults.argument, ...args],
        // Waiting for a lock it would not notice that nobody reads it any more, and hold its snapshot.
        diesWithUs: true,
        signal,
        hint: "The server's error log may say more.",
        explain: (stderr) => explainDumpError(stderr, operation, describePlace(connection)),
      });
      // At once, whether anybody reads just now or not.
      running.done.catch((error: unknown) => output.destroy(toFailure(error, stream)));
      if (running.child.stdout) await pipeline(running.child.stdout, output);
      if (!result) throw new MalformedDumpError("it was not checked");
      return result.value;
    } finally {
      reader.abort();
      await running?.done.catch(() => undefined);
      await defaults.remove();
    }
  };
  const done = run().catch((error: unknown) => {
    const failure = toFailure(error, stream);
    output.destroy(failure);
    throw failure;
  });
  // Whoever reads the output learns of it there; `done` may be awaited later.
  done.catch(() => undefined);
  return { output, done };
}

/** A cancel that was asked for comes first; a broken pipe means that the reader went away. */
function toFailure(error: unknown, { signal, operation }: DumpStream<unknown>): Error {
  if (signal.aborted) return new CancelledError(`stopped while it had to ${operation}`);
  const code = (Object(error) as { code?: unknown }).code;
  if (code === "ERR_STREAM_PREMATURE_CLOSE" || code === "EPIPE") {
    return new CancelledError(`its reader went away while it had to ${operation}`);
  }
  return translate(error, operation) as Error;
}
