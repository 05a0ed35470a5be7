import { EngineError } from "@/lib/kernel/errors";
import { ENGINE } from "../map-error";

/** An EngineError of this folder. `permanent` unless told otherwise. */
export function physicalFailure(
  operation: string,
  message: string,
  options: { hint: string; permanent?: boolean; cause?: unknown },
): EngineError {
  const { hint, permanent = true, cause } = options;
  return new EngineError(message, { engine: ENGINE, operation, permanent, hint, cause });
}
