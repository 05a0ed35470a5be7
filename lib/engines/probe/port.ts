/** One request of a client, as a check of a recovered system. */
export interface HttpCheck {
  method: "GET" | "POST";
  url: string;
  /** The status that counts as right. */
  status: number;
  /** Words that the body of a right answer holds, in its first megabyte. */
  contains?: string | undefined;
}

export interface HttpAnswer {
  status: number;
  ok: boolean;
  durationMs: number;
}

/** Asks over HTTP. Rejects only with EngineError, when no whole answer came, or with CancelledError once `signal` is aborted. */
export interface HttpProbe {
  ask(check: HttpCheck, options: { signal: AbortSignal; timeoutMs?: number }): Promise<HttpAnswer>;
}
