/** The same numbers for the same seed on every machine (mulberry32): practice data only, never a secret. */
export interface Random {
  /** From 0 up to, not including, 1. */
  fraction(): number;
  /** Both ends included. */
  integer(lowest: number, highest: number): number;
  pick<T>(from: readonly T[]): T;
  /** `bytes` bytes as hexadecimal. */
  hex(bytes: number): string;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (lowest: number, highest: number) => lowest + Math.floor(fraction() * (highest - lowest + 1));
  return {
    fraction,
    integer,
    pick: (from) => {
      const value = from[integer(0, from.length - 1)];
      if (value === undefined) throw new Error("nothing to pick from");
      return value;
    },
    hex: (bytes) => Array.from({ length: bytes }, () => integer(0, 255).toString(16).padStart(2, "0")).join(""),
  };
}
