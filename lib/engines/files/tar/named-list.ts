import type { NamedPaths } from "../port";

const NAMED_MAX = 100;

/** Counts all, and keeps the first names. */
export class NamedList {
  readonly #named: string[] = [];
  #count = 0;

  add(name: string): void {
    this.#count += 1;
    if (this.#named.length < NAMED_MAX) this.#named.push(name);
  }

  value(): NamedPaths {
    return { count: this.#count, named: this.#named };
  }
}
