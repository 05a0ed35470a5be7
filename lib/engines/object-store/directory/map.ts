import { CancelledError, EngineError } from "@/lib/kernel/errors";

export interface Attempt {
  operation: string;
  /** Absent for the whole store. */
  key?: string;
  root: string;
}

interface Meaning {
  cause: string;
  permanent: boolean;
  hint: string;
}

const FULL = "Free space there, or give the repository a larger volume; retention may be keeping more than fits.";
const RIGHTS = "Does the directory belong to the user that runs Holdfast?";
const FAULTY = "Look at the kernel's log for errors of the disk or of the network mount.";
const SHAPE = "A file may lie where this key needs a directory, or the other way round.";

const BY_CODE: Record<string, Meaning> = {
  ENOSPC: { cause: "the disk is full", permanent: false, hint: FULL },
  EDQUOT: { cause: "the quota is used up", permanent: false, hint: FULL },
  EFBIG: { cause: "the file is larger than the file system takes", permanent: true, hint: "Use another file system." },
  ENOENT: { cause: "there is no such file", permanent: true, hint: "Was it deleted? Is the volume mounted?" },
  EACCES: { cause: "permission is missing", permanent: true, hint: RIGHTS },
  EPERM: { cause: "the file system does not allow it", permanent: true, hint: `${RIGHTS} Does it have hard links?` },
  ENOTSUP: { cause: "the file system has no hard links", permanent: true, hint: "Use a file system that has them." },
  EMLINK: { cause: "the file system has no hard links", permanent: true, hint: "Use a file system that has them." },
  EROFS: { cause: "the file system is read-only", permanent: true, hint: "Mount it read-write." },
  ENOTDIR: { cause: "a file is in the way", permanent: true, hint: SHAPE },
  EISDIR: { cause: "a directory is in the way", permanent: true, hint: SHAPE },
  ELOOP: { cause: "a symbolic link is in the way", permanent: true, hint: "Keep links out of the repository." },
  ENAMETOOLONG: { cause: "the name is too long", permanent: true, hint: "Use a repository path that is shorter." },
  EIO: { cause: "the disk failed", permanent: false, hint: FAULTY },
  ESTALE: { cause: "the network mount is stale", permanent: false, hint: FAULTY },
  EMFILE: { cause: "too many files are open", permanent: false, hint: "Raise the limit of open files (ulimit -n)." },
  ENFILE: { cause: "too many files are open", permanent: false, hint: "Raise the machine's limit of open files." },
};

const OTHER: Meaning = { cause: "the file system failed", permanent: false, hint: FAULTY };

/** Anything that a file operation threw, as the error that a person may see. */
export function toEngineError(error: unknown, attempt: Attempt): EngineError | CancelledError {
  if (error instanceof EngineError || error instanceof CancelledError) return error;
  const code = codeOf(error);
  const { cause, permanent, hint } = BY_CODE[code] ?? OTHER;
  const what = attempt.key === undefined ? `directory ${attempt.root}` : `"${attempt.key}" in ${attempt.root}`;
  return new EngineError(`cannot ${attempt.operation} ${what}: ${cause}${code ? ` (${code})` : ""}`, {
    engine: "directory",
    operation: attempt.operation,
    permanent,
    hint,
    cause: error,
  });
}

export function codeOf(error: unknown): string {
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? "") : "";
}

/** The rule of the port: an object is never overwritten with different content. */
export function differs(root: string, key: string): EngineError {
  return new EngineError(`"${key}" in ${root} exists already with different content; it was left as it is`, {
    engine: "directory",
    operation: "store",
    permanent: true,
    hint: "Does another Holdfast write to the same directory?",
  });
}
