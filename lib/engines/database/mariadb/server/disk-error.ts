import { EngineError, HoldfastError } from "@/lib/kernel/errors";
import { ENGINE } from "../map-error";

/** What MariaDB's programs say when a disk takes no more: errno 28, in their several spellings. */
export const FULL_DISK = /no space left on device|err(?:no|code|or)(?: number| code)?:? 28\b/i;

/** Causes that only a person mends, by their code of the operating system. */
const REFUSED = new Set(["EACCES", "EPERM", "EROFS", "ENOTDIR", "ENAMETOOLONG"]);

/** Whether the words of a program tell of a full disk. */
export function tellsFullDisk(words: string): boolean {
  return FULL_DISK.test(words);
}

/** A failure on the disk in the operator's words; any other error comes back as it is. */
export function toDiskError(
  error: unknown,
  { directory, operation }: { directory: string; operation: string },
): unknown {
  const code = String((Object(error) as { code?: unknown }).code);
  const words = error instanceof EngineError ? error.message : "";
  if (code === "ENOSPC" || code === "EDQUOT" || tellsFullDisk(words)) {
    return new EngineError(`the disk below "${directory}" is full: could not ${operation}`, {
      engine: ENGINE,
      operation,
      permanent: false,
      hint: "Free space there, or restore to a larger disk: the data, its log and 1 GB more must have room.",
      cause: error,
    });
  }
  if (error instanceof HoldfastError || !REFUSED.has(code)) return error;
  return new EngineError(`"${directory}" cannot be written (${code}): could not ${operation}`, {
    engine: ENGINE,
    operation,
    permanent: true,
    hint: "May the runner's user of the operating system write there?",
    cause: error,
  });
}
