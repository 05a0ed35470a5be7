import type { Writable } from "node:stream";

/** Resolves when a stream takes more, or is closed. */
export function drained(sink: Writable): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      sink.removeListener("drain", go);
      sink.removeListener("close", go);
      resolve();
    };
    if (sink.destroyed) return resolve();
    sink.once("drain", go);
    sink.once("close", go);
  });
}
