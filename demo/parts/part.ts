import type { PartName } from "./down";

/** One server or program of the estate. */
export interface Part {
  name: PartName;
  /** Resolves when it answers. Goes on with its data; ends first what a crashed estate left of it.
   *  @throws Error with the end of its log when it does not come up */
  start(): Promise<void>;
  /** Whether its processes run. */
  isAlive(): boolean;
  /** Ends it in order and waits for it. Twice is once. */
  stop(): Promise<void>;
  /** kill -9 of its processes. Resolves when they are gone. */
  kill(): Promise<void>;
}
