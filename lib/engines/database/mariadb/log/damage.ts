import { EngineError } from "@/lib/kernel/errors";
import { ENGINE } from "../map-error";

const OPERATION = "read the log";
const OTHER_COPY = "Does the other repository, or the server itself, still have an undamaged copy of this file?";

/** Bytes that are not what a server wrote. Never holds a byte of the log itself. */
export function logDamage(message: string, hint: string = OTHER_COPY): EngineError {
  return new EngineError(message, { engine: ENGINE, operation: OPERATION, permanent: true, hint, kind: "damage" });
}

/** A part of the log is not there, or belongs to another log. */
export class LogHoleError extends EngineError {
  constructor(message: string) {
    const hint = "Is every segment of the log fetched, and does another repository have the missing ones?";
    super(message, { engine: ENGINE, operation: OPERATION, permanent: true, hint, kind: "damage" });
  }
}

export function logHole(message: string): LogHoleError {
  return new LogHoleError(message);
}
