import { CancelledError, EngineError } from "@/lib/kernel/errors";

/** The error for a body that ended with one of its own: a known error as it is, anything else named for what it means. */
export function toBrokenSource(
  error: unknown,
  about: { engine: string; key: string; signal: AbortSignal },
): EngineError | CancelledError {
  if (about.signal.aborted) return new CancelledError(`stopped while it had to store "${about.key}"`);
  if (error instanceof EngineError || error instanceof CancelledError) return error;
  return new EngineError(`the data for "${about.key}" broke off before its end; nothing was stored`, {
    engine: about.engine,
    operation: "store",
    permanent: false,
    hint: "Look at what produced the data: it ended with an error of its own.",
    cause: error,
  });
}
