import { createHash } from "node:crypto";
import { readSync, writeSync } from "node:fs";
import { EXIT_MALFORMED, EXIT_NO_READER, MalformedError, type ReaderMessage } from "./messages.ts";

/*
 * The body of a program that stands behind another one: reads what that writes and passes it on as it is, or not at all
 * (`--discard`). Says on descriptor 3, a line of JSON at a time, how far it is and, at a good end, what it found.
 * In the runner's own process the same bytes cost three times the CPU time, since each chunk is an object of a large
 * heap. Blocking calls and one small buffer keep it at the speed of the hashes; what it does with a buffer is short, so
 * that the program before it and the packing behind it are never kept waiting.
 * Node runs such a program and what it imports as they are (it strips the types), so they name each other with `.ts`.
 */

const [INPUT, OUTPUT, MESSAGES] = [0, 1, 3];
const BUFFER_BYTES = 256 * 2 ** 10;
const PROGRESS_BYTES = 32 * 2 ** 20;

/** Sees every byte on its way. */
export interface ByteWatch<Found> {
  /** The chunk's memory is used again. @throws MalformedError */
  push(chunk: Buffer): void;
  /** @throws MalformedError where the bytes are not whole */
  end(): Found;
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}

function tell(message: ReaderMessage<unknown>): void {
  writeAll(MESSAGES, Buffer.from(`${JSON.stringify(message)}\n`));
}

function pass<Found>(watch: ByteWatch<Found>, isPassedOn: boolean): void {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  let [sizeBytes, told] = [0, 0];
  for (;;) {
    const length = readSync(INPUT, buffer, 0, BUFFER_BYTES, null);
    if (length === 0) break;
    const chunk = buffer.subarray(0, length);
    if (isPassedOn) writeAll(OUTPUT, chunk);
    watch.push(chunk);
    hash.update(chunk);
    sizeBytes += length;
    if (sizeBytes - told < PROGRESS_BYTES) continue;
    told = sizeBytes;
    tell({ bytes: sizeBytes });
  }
  tell({ found: watch.end(), plain: { sizeBytes, sha256: hash.digest("hex") } });
}

/** Runs the program; its exit code says how it ended. */
export function passBytes(watch: ByteWatch<unknown>): void {
  try {
    pass(watch, !process.argv.includes("--discard"));
  } catch (error) {
    if (error instanceof MalformedError) {
      process.stderr.write(error.message);
      process.exitCode = EXIT_MALFORMED;
    } else if ((error as NodeJS.ErrnoException).code === "EPIPE") {
      process.exitCode = EXIT_NO_READER;
    } else {
      throw error;
    }
  }
}
