import type { Part } from "./part";

export interface WatchOptions {
  parts: readonly Part[];
  /** Whether a part is down on purpose. */
  isHeldDown(part: Part): boolean;
  /** Called before every look at the parts. */
  beforeLook(): void;
  /** Tells a person; holds no secret. */
  onEvent(text: string): void;
}

export interface Watch {
  /** Looks no more; resolves when a start that is under way has ended. */
  stop(): Promise<void>;
}

const PERIOD_MS = 250;
/** Between attempts to start the same part again, so that one that cannot start does not keep the machine busy. */
const RETRY_MS = 5_000;

/** Starts every part again that ended by itself, and leaves alone what is down on purpose. */
export function watchParts(options: WatchOptions): Watch {
  const notBefore = new Map<Part, number>();
  let isStopped = false;
  let underWay: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;

  const restart = async (part: Part) => {
    notBefore.set(part, performance.now() + RETRY_MS);
    options.onEvent(`the ${part.name} ended by itself; starting it again`);
    try {
      await part.start();
      options.onEvent(`the ${part.name} runs again`);
    } catch (error) {
      options.onEvent(
        `the ${part.name} could not be started again: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  const look = async () => {
    options.beforeLook();
    for (const part of options.parts) {
      if (isStopped) return;
      const isDue = performance.now() >= (notBefore.get(part) ?? 0);
      if (isDue && !part.isAlive() && !options.isHeldDown(part)) await restart(part);
    }
    if (!isStopped) schedule();
  };
  const schedule = () => {
    timer = setTimeout(() => {
      underWay = look();
    }, PERIOD_MS);
  };
  schedule();

  return {
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}
