import { Readable, type Writable, pipeline } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";

const STEP_BYTES = 8_192;

/** Passes a body on at so many bytes a second; when one end goes away, so does the other. */
export function slowDown(from: Readable, to: Writable, bytesPerSecond: number): void {
  pipeline(Readable.from(inSteps(from, bytesPerSecond)), to, (error) => {
    if (error) from.destroy();
  });
}

async function* inSteps(from: AsyncIterable<Buffer>, bytesPerSecond: number): AsyncGenerator<Buffer> {
  for await (const chunk of from) {
    for (let at = 0; at < chunk.length; at += STEP_BYTES) {
      const step = chunk.subarray(at, at + STEP_BYTES);
      await wait((step.length / bytesPerSecond) * 1_000);
      yield step;
    }
  }
}
