/** Lines for a person, each with the time since the start. */
export interface Teller {
  say(text: string): void;
}

/** `[  12.3 s] text`. `stream` is stderr where stdout belongs to the answer alone. */
export function createTeller(stream: NodeJS.WritableStream): Teller {
  const began = performance.now();
  return {
    say: (text) => {
      const seconds = ((performance.now() - began) / 1_000).toFixed(1);
      stream.write(`[${seconds.padStart(6)} s] ${text}\n`);
    },
  };
}
