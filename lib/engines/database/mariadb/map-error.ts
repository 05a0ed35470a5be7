import { EngineError } from "@/lib/kernel/errors";
import { DAMAGE_NUMBERS, KNOWN_ERRORS, type KnownError, SYSTEM_ERRORS } from "./known-errors";

export const ENGINE = "mariadb";

interface Numbered {
  errno: number;
  sqlState: string;
  code: string;
  words: string;
}

/** The parts of the connector's error that hold no statement and no row; the error itself carries both. */
function numbersOf(error: unknown): Numbered {
  const parts = Object(error) as {
    errno?: unknown;
    sqlState?: unknown;
    code?: unknown;
    sqlMessage?: unknown;
    cause?: unknown;
  };
  const cause = Object(parts.cause) as { code?: unknown };
  const system = [parts.code, cause.code].find((code) => typeof code === "string" && code in SYSTEM_ERRORS);
  return {
    errno: typeof parts.errno === "number" ? parts.errno : -1,
    sqlState: typeof parts.sqlState === "string" ? parts.sqlState : "",
    code: typeof system === "string" ? system : "",
    words: typeof parts.sqlMessage === "string" ? parts.sqlMessage.slice(0, 300) : "",
  };
}

export interface ErrorContext {
  /** "read the server's settings": the infinitive of what had to be done. */
  operation: string;
  /** Where: `127.0.0.1:3306` or a socket. */
  place?: string;
}

function kindOf(errno: number): "damage" | "other" {
  return DAMAGE_NUMBERS.has(errno) ? "damage" : "other";
}

/** An error of connector or server in the operator's words. Statements, row data and passwords stay behind. */
export function toEngineError(error: unknown, context: ErrorContext): EngineError {
  if (error instanceof EngineError) return error;
  const { errno, sqlState, code, words } = numbersOf(error);
  const known: KnownError | undefined = SYSTEM_ERRORS[code] ?? KNOWN_ERRORS[errno];
  const place = context.place ? ` on ${context.place}` : "";
  const what = known
    ? `${known.message}${known.shown && words ? ` (${words})` : ""}`
    : `the server answered with error ${errno}${sqlState ? ` (${sqlState})` : ""}`;
  return new EngineError(`MariaDB${place} could not ${context.operation}: ${what}`, {
    engine: ENGINE,
    operation: context.operation,
    permanent: known?.permanent ?? false,
    kind: kindOf(errno),
    hint: known?.hint ?? `Look up error ${errno} in MariaDB's list of error codes, and in the server's error log.`,
  });
}

/** Error numbers on the stderr of MariaDB's programs (`ERROR 1045 (28000)`, `Got error: 1045: …`, `… (1356)`), or null. */
export function findErrorNumber(stderr: string): number | null {
  const match = /(?:ERROR |[Ee]rror:? )(\d{4})\b/.exec(stderr) ?? /\((\d{4})\)\s*$/m.exec(stderr);
  return match ? Number(match[1]) : null;
}

/** The error of a client program, from the number on its stderr; undefined where there is none that is known. The text itself may hold rows. */
export function explainStderr(stderr: string, context: ErrorContext): EngineError | undefined {
  const errno = findErrorNumber(stderr);
  if (errno === 2002 || errno === 2003 || errno === 2005)
    return toEngineError({ code: errno === 2005 ? "ENOTFOUND" : "ECONNREFUSED" }, context);
  if (errno === 2006 || errno === 2013) return toEngineError({ errno: 45009 }, context);
  return errno === null
    ? undefined
    : toEngineError(
        {
          errno,
          sqlMessage: KNOWN_ERRORS[errno]?.shown ? namesOnly(stderr) : "",
        },
        context,
      );
}

/** What a program says beside the number. Only for errors whose words hold names at most. */
function namesOnly(stderr: string): string {
  const line = stderr.split("\n").find((text) => findErrorNumber(text) !== null) ?? "";
  return line.replace(/^(?:.*?(?:ERROR |[Ee]rror:? )\d{4}\b[^:]*:\s*|[^:]*:\s*)/, "").slice(0, 300);
}
