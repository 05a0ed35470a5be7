/** An application to be started on a copy of its data. */
export interface ApplicationStart {
  /** Program and arguments, as they are: no shell. Never a secret: the process list shows them. */
  argv: readonly string[];
  /** Added to a clean environment; nothing of the runner's own gets in. May hold the copy's secrets. */
  environment: Record<string, string>;
  /** Made for it; goes with the copy. */
  home: string;
  /** Where it is started. */
  directory: string | undefined;
  /** Words that are never shown of its output. */
  secrets: readonly string[];
}

export interface RunningApplication {
  /** Resolves when it ended, by itself or not, with the end of its output: capped, and without the secrets. */
  exited: Promise<{ exitCode: number | null; output: string }>;
  /** Ends it with everything that it started, and waits. Twice is once. */
  stop(): Promise<void>;
}

/**
 * Starts applications on this machine, each in a session of its own that ends with this process, kill -9 included.
 * Rejects only with EngineError.
 */
export interface ApplicationHost {
  /** A port of this machine that nothing listens on now. */
  freePort(): Promise<number>;
  start(start: ApplicationStart): Promise<RunningApplication>;
}
