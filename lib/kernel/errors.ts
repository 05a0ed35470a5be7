/** Every way in which Holdfast says no. `message`: lowercase cause, no final period, values quoted.
 *  `hint`: one sentence that tells the operator what to check next. Neither ever holds a secret or row data. */
export type ErrorCode =
  | "VALIDATION"
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "CONFLICT"
  | "PRECONDITION"
  | "REFUSED"
  | "LIMIT"
  | "ENGINE"
  | "DAMAGED"
  | "CANCELLED"
  | "INTERNAL";

export interface Issue {
  /** Path of the field, such as `systems.database.rto`; empty for the whole input. */
  path: string;
  message: string;
}

export abstract class HoldfastError extends Error {
  abstract readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.hint = options.hint;
  }
}

/** The input does not parse. */
export class ValidationError extends HoldfastError {
  readonly code = "VALIDATION";
  constructor(
    readonly issues: Issue[],
    hint?: string,
  ) {
    super(issues.map((i) => (i.path ? `${i.path}: ${i.message}` : i.message)).join("; "), { hint });
  }
}

export class UnauthenticatedError extends HoldfastError {
  readonly code = "UNAUTHENTICATED";
}

/** Only for one who may know that the thing exists. */
export class ForbiddenError extends HoldfastError {
  readonly code = "FORBIDDEN";
}

/** Absent or hidden: the same text for both. */
export class NotFoundError extends HoldfastError {
  readonly code = "NOT_FOUND";
  constructor(entity: string, id: string) {
    super(`${entity} "${id}" does not exist`, { hint: `Is the ${entity}'s name or id right?` });
  }
}

/** A lost race, a duplicate, a stale version. */
export class ConflictError extends HoldfastError {
  readonly code = "CONFLICT";
}

/** The state is wrong for it now. */
export class PreconditionError extends HoldfastError {
  readonly code = "PRECONDITION";
}

/** A guard said no: the act would be unsafe (exit code 3). */
export class RefusedError extends HoldfastError {
  readonly code = "REFUSED";
}

export class LimitError extends HoldfastError {
  readonly code = "LIMIT";
}

export type EngineErrorKind = "damage" | "missing-program" | "other";

/** The outside world failed. Made only in lib/engines. `permanent`: a retry cannot help. */
export class EngineError extends HoldfastError {
  readonly code = "ENGINE";
  readonly engine: string;
  readonly operation: string;
  readonly permanent: boolean;
  /** `damage`: what the engine was given is not whole or not right, and no other machine would take it. */
  readonly kind: EngineErrorKind;

  constructor(
    message: string,
    options: {
      engine: string;
      operation: string;
      permanent: boolean;
      hint: string;
      cause?: unknown;
      kind?: EngineErrorKind;
    },
  ) {
    super(message, options);
    this.engine = options.engine;
    this.operation = options.operation;
    this.permanent = options.permanent;
    this.kind = options.kind ?? "other";
  }
}

/** What was stored is not what comes back: bytes, signature or content. No retry and no other environment mends it. */
export class DamagedError extends HoldfastError {
  readonly code = "DAMAGED";
}

/** An engine's word that what it was given is damaged, as that; any other error as it is. */
export function toDamage(error: unknown): unknown {
  if (!(error instanceof EngineError) || error.kind !== "damage") return error;
  return new DamagedError(error.message, { hint: error.hint, cause: error });
}

/** An operator or a shutdown stopped it; never shown as a failure. */
export class CancelledError extends HoldfastError {
  readonly code = "CANCELLED";
}

/** What may be shown to a person: a known error as it is, anything else as a bug without its text. */
export interface ErrorSummary {
  code: ErrorCode;
  message: string;
  hint?: string | undefined;
}

export function summarizeError(error: unknown): ErrorSummary {
  if (error instanceof HoldfastError) return { code: error.code, message: error.message, hint: error.hint };
  return {
    code: "INTERNAL",
    message: "an unexpected error stopped it",
    hint: "Look for this time in the log of the runner or the web server; this is a defect of Holdfast.",
  };
}

/** Exit codes of the command line, as the contract fixes them. */
export const EXIT_CODES = {
  VALIDATION: 2,
  UNAUTHENTICATED: 1,
  FORBIDDEN: 3,
  NOT_FOUND: 1,
  CONFLICT: 1,
  PRECONDITION: 3,
  REFUSED: 3,
  LIMIT: 1,
  ENGINE: 1,
  DAMAGED: 3,
  CANCELLED: 1,
  INTERNAL: 1,
} as const satisfies Record<ErrorCode, number>;

/** Whether the runner tries a failed job again. */
export function isRetryable(error: unknown): boolean {
  return error instanceof EngineError ? !error.permanent : error instanceof LimitError;
}
