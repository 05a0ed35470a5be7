import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { childEnvironment } from "@/lib/kernel/env";
import { CancelledError, EngineError } from "@/lib/kernel/errors";

export interface ProgramOptions {
  engine: string;
  /** What it is for, in words of the operator: "dump the data". */
  operation: string;
  program: string;
  /** Never a secret: the process list shows them. */
  args: readonly string[];
  stdio?: StdioOptions;
  env?: Record<string, string>;
  cwd?: string;
  /** The machine's user it runs as, without further groups; only root may choose another one. */
  runAs?: { uid: number; gid: number };
  /** The kernel ends it when this process dies, kill -9 included: for one that could wait for a server for hours. */
  diesWithUs?: boolean;
  signal: AbortSignal;
  /** The next thing to check when it fails. */
  hint: string;
  /** Turns stderr into a better error; returns undefined to keep the common one. */
  explain?: (stderr: string, exitCode: number | null) => EngineError | undefined;
  /** Exit codes that are no failure; 0 unless told. */
  allowedExitCodes?: readonly number[];
}

export interface RunningProgram {
  child: ChildProcess;
  /** Resolves with capped stderr after an allowed exit code; rejects otherwise. Never left unobserved. */
  done: Promise<{ exitCode: number; stderr: string }>;
}

/** More of a program's stderr is not kept: MariaDB's client prints whole rows there. */
const STDERR_BYTES_MAX = 8_192;
/** What one may show of it: the last lines, each cut. */
const SHOWN_LINES = 3;
const SHOWN_CHARACTERS = 300;

/** The end of a program's stderr, short enough for an error. */
export function tailOf(stderr: string): string {
  return stderr
    .trim()
    .split("\n")
    .slice(-SHOWN_LINES)
    .map((line) => line.trim().slice(0, SHOWN_CHARACTERS))
    .join(" / ");
}

/** Becomes the program, which keeps its process number. */
const DEATH_WATCH = "setpriv";
/** Of the death watch when there is no such program. */
const EXIT_NOT_FOUND = 127;

/** Starts a program with an argument list, no shell, a clean environment in UTC. SIGTERM when `signal` aborts, SIGKILL 5 s later. */
export function startProgram(options: ProgramOptions): RunningProgram {
  const { engine, operation, program, signal } = options;
  const [first = program, ...args] = options.diesWithUs
    ? [DEATH_WATCH, "--pdeathsig=KILL", "--", program, ...options.args]
    : [program, ...options.args];
  const child = spawn(first, args, {
    stdio: options.stdio ?? ["ignore", "pipe", "pipe"],
    env: childEnvironment(options.env),
    ...(options.cwd ? { cwd: options.cwd } : {}),
    ...options.runAs,
  });
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-STDERR_BYTES_MAX);
  });
  const stop = () => {
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), 5_000).unref();
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });

  const done = new Promise<{ exitCode: number; stderr: string }>((resolve, reject) => {
    child.once("error", (cause: NodeJS.ErrnoException) => {
      signal.removeEventListener("abort", stop);
      reject(notStarted(options, cause.code === "ENOENT" ? first : null, cause));
    });
    child.once("close", (exitCode, killedBy) => {
      signal.removeEventListener("abort", stop);
      if (signal.aborted) return reject(new CancelledError(`stopped while it had to ${operation}`));
      if (exitCode !== null && (options.allowedExitCodes ?? [0]).includes(exitCode))
        return resolve({ exitCode, stderr });
      if (options.diesWithUs && exitCode === EXIT_NOT_FOUND) return reject(notStarted(options, program));
      const how = exitCode === null ? `was ended by ${killedBy ?? "a signal"}` : `ended with exit code ${exitCode}`;
      const explained = options.explain?.(stderr, exitCode);
      reject(
        explained ??
          new EngineError(`"${program}" ${how} while it had to ${operation}${stderr ? `: ${tailOf(stderr)}` : ""}`, {
            engine,
            operation,
            permanent: false,
            hint: options.hint,
          }),
      );
    });
  });
  // A caller awaits `done` only after its streams ended: until then a rejection must not end the process.
  done.catch(() => undefined);
  return { child, done };
}

function notStarted(options: ProgramOptions, missing: string | null, cause?: unknown): EngineError {
  const { engine, operation, program } = options;
  const hint = missing === null ? options.hint : `Is "${missing}" installed on this runner's machine?`;
  return new EngineError(`"${program}" cannot be started to ${operation}`, {
    engine,
    operation,
    permanent: true,
    hint,
    cause,
    ...(missing === null ? {} : { kind: "missing-program" as const }),
  });
}

/** Runs a short program to its end and returns its stdout (at most 16 MiB). */
export async function runProgram(options: ProgramOptions): Promise<string> {
  const { child, done } = startProgram(options);
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout?.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= 16 * 2 ** 20) chunks.push(chunk);
  });
  await done;
  return Buffer.concat(chunks).toString("utf8");
}
