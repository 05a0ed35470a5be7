import { createHash } from "node:crypto";
import { readSync, writeSync } from "node:fs";
import { EXIT_NO_READER, type MeasureMessage } from "./measure-messages.ts";

/*
 * Stands behind a program that writes gigabytes, as a process of its own: passes its bytes on as they are, counts and
 * hashes them. Says on descriptor 3, a line of JSON at a time, how far it is and, at the end, what went by. Blocking
 * calls and one small buffer keep it at the speed of the hash.
 * Node runs this file and what it imports as they are (it strips the types), so they name each other with `.ts`.
 */

const [INPUT, OUTPUT, MESSAGES] = [0, 1, 3];
const BUFFER_BYTES = 256 * 2 ** 10;
const PROGRESS_BYTES = 32 * 2 ** 20;

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}

function tell(message: MeasureMessage): void {
  writeAll(MESSAGES, Buffer.from(`${JSON.stringify(message)}\n`));
}

function measure(): void {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  let [sizeBytes, told] = [0, 0];
  for (;;) {
    const length = readSync(INPUT, buffer, 0, BUFFER_BYTES, null);
    if (length === 0) break;
    const chunk = buffer.subarray(0, length);
    writeAll(OUTPUT, chunk);
    hash.update(chunk);
    sizeBytes += length;
    if (sizeBytes - told < PROGRESS_BYTES) continue;
    told = sizeBytes;
    tell({ bytes: sizeBytes });
  }
  tell({ plain: { sizeBytes, sha256: hash.digest("hex") } });
}

try {
  measure();
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
  process.exitCode = EXIT_NO_READER;
}
