import { EngineError } from "@/lib/kernel/errors";

export const ENGINE = "files";

/** An error in this engine's words. */
export function failed(
  operation: string,
  message: string,
  options: { permanent: boolean; hint: string; cause?: unknown; kind?: "damage" },
): EngineError {
  return new EngineError(message, { engine: ENGINE, operation, ...options });
}
