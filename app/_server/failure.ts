import { ZodError } from "zod";
import type { Ctx } from "@/lib/db/context";
import { HoldfastError, summarizeError, ValidationError, type ErrorCode, type Issue } from "@/lib/kernel/errors";

/** What a person or a program may learn of an error. */
export interface FailureView {
  code: ErrorCode;
  message: string;
  hint?: string;
  /** Messages by the path of the field. */
  fieldErrors?: Record<string, string>;
  requestId: string;
}

export const HTTP_STATUS = {
  VALIDATION: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  PRECONDITION: 409,
  REFUSED: 409,
  LIMIT: 429,
  ENGINE: 502,
  DAMAGED: 409,
  CANCELLED: 409,
  INTERNAL: 500,
} as const satisfies Record<ErrorCode, number>;

function issuesOf(error: unknown): Issue[] | null {
  if (error instanceof ValidationError) return error.issues;
  if (!(error instanceof ZodError)) return null;
  return error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
}

/** An error as its reader may see it; the whole cause of a defect goes to the log, once. */
export function toFailure(ctx: Pick<Ctx, "log" | "correlationId">, error: unknown): FailureView {
  const issues = issuesOf(error);
  const known = issues && !(error instanceof HoldfastError) ? new ValidationError(issues) : error;
  const { code, message, hint } = summarizeError(known);
  if (code === "INTERNAL") ctx.log.error({ err: error }, "a request failed");
  return {
    code,
    message,
    requestId: ctx.correlationId,
    ...(hint ? { hint } : {}),
    ...(issues ? { fieldErrors: Object.fromEntries(issues.map((issue) => [issue.path, issue.message])) } : {}),
  };
}
