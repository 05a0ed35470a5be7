import { mkdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { startProgram } from "@/lib/engines/shared/process";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { monotonicMs } from "@/lib/kernel/time";
import type { Connection } from "../../port";
import { withSession } from "../connect";
import { ENGINE } from "../map-error";
import { findServerProgram, userArguments } from "./server-programs";

export interface ServerOptions {
  dataDirectory: string;
  /** Of the server's own error log. */
  logFile: string;
  temporaryDirectory: string;
  /** Root's, by socket: tells when the server answers. `port` 0 starts it without TCP. */
  connection: Connection & { socket: string };
  /** `--name=value`. */
  settings: readonly string[];
  initFile?: string;
  /** What the server gets when this process dies, kill -9 included. `none`: it lives on, in a session of its own. */
  deathSignal: "KILL" | "TERM" | "none";
  /** Ends the start, not the running server. */
  signal: AbortSignal;
}

export interface ServerProcess {
  pid: number;
  /** Resolves when the process ended, with the end of its log where it ended by itself. */
  exited: Promise<{ exitCode: number | null; message: string }>;
  /** Clean shutdown. Twice is once. @throws EngineError when it did not end cleanly. */
  stop(): Promise<void>;
  /** kill -9, and waits for the end. */
  kill(): Promise<void>;
}

/** A Linux socket address ends at 107 bytes; MariaDB cuts longer ones without a word. */
export const SOCKET_PATH_BYTES_MAX = 100;
const START_TIMEOUT_MS = 120_000;
const POLL_MS = 25;
/** In the first line that a server writes when it starts. */
const START_MARK = "starting as process";

function fail(message: string, hint: string, permanent = false): EngineError {
  return new EngineError(message, {
    engine: ENGINE,
    operation: "start a server",
    permanent,
    hint,
  });
}

/** @throws EngineError where the socket's path is too long for the system. */
export function assertSocketPath(socket: string): void {
  const bytes = Buffer.byteLength(socket);
  if (bytes <= SOCKET_PATH_BYTES_MAX) return;
  throw fail(
    `the socket's path is ${bytes} bytes long, more than ${SOCKET_PATH_BYTES_MAX}: "${socket}"`,
    "Choose a shorter directory: the system cuts a socket's path at 107 bytes.",
    true,
  );
}

/** The error lines of a server's last start: the first ones, which are the cause, and the last ones. */
export async function readLogErrors(logFile: string): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  const lines = text
    .slice(Math.max(0, text.lastIndexOf(START_MARK)))
    .split("\n")
    .filter((line) => line.includes("[ERROR]"))
    .map((line) => line.replace(/^.*\[ERROR\]\s*/, "").slice(0, 300));
  return lines.filter((_, index) => index < 2 || index >= lines.length - 2).join(" / ");
}

/** What the server is told; no option file of the machine is read. */
function serverArguments(options: ServerOptions): string[] {
  const { connection, dataDirectory } = options;
  return [
    "--no-defaults",
    ...userArguments(),
    `--datadir=${dataDirectory}`,
    `--tmpdir=${options.temporaryDirectory}`,
    `--socket=${connection.socket}`,
    `--pid-file=${dataDirectory}/mariadbd.pid`,
    `--log-error=${options.logFile}`,
    ...(connection.port === 0 ? ["--skip-networking"] : [`--port=${connection.port}`, "--bind-address=127.0.0.1"]),
    ...(options.initFile ? [`--init-file=${options.initFile}`] : []),
    ...options.settings,
  ];
}

/** The program that starts the server, which has its process number afterwards. */
async function wrapServer({ deathSignal }: ServerOptions): Promise<{ program: string; args: string[] }> {
  const server = await findServerProgram("mariadbd");
  // The kernel itself sends the signal when the parent is gone: no watchdog that could die as well.
  return deathSignal === "none"
    ? { program: await findServerProgram("setsid"), args: [server] }
    : { program: await findServerProgram("setpriv"), args: [`--pdeathsig=${deathSignal}`, "--", server] };
}

async function launch(options: ServerOptions): Promise<ServerProcess> {
  const { dataDirectory } = options;
  await mkdir(options.temporaryDirectory, { recursive: true, mode: 0o700 });
  const { program, args } = await wrapServer(options);
  const running = startProgram({
    engine: ENGINE,
    operation: "run a server",
    program,
    args: [...args, ...serverArguments(options)],
    // Its words go to its log: a pipe to this process would break with it.
    stdio: ["ignore", "ignore", options.deathSignal === "none" ? "ignore" : "pipe"],
    // Its life does not hang on one call's signal: stop() and kill() end it.
    signal: new AbortController().signal,
    hint: `Its error log is "${options.logFile}".`,
  });
  // Nor does this process's end hang on the server's.
  if (options.deathSignal === "none") running.child.unref();
  const exited = running.done.then(
    () => ({ exitCode: 0 as number | null, message: "" }),
    async (error: unknown) => ({
      exitCode: running.child.exitCode,
      message: (await readLogErrors(options.logFile)) || (error instanceof Error ? error.message : "it ended"),
    }),
  );
  const end = (signal: NodeJS.Signals) => {
    running.child.kill(signal);
    return exited;
  };
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    const { exitCode, message } = await end("SIGTERM");
    if (exitCode !== 0)
      throw fail(
        `the server in "${dataDirectory}" did not stop cleanly: ${message}`,
        `Read its error log "${options.logFile}".`,
      );
  };
  return {
    pid: running.child.pid ?? -1,
    exited,
    stop: () => (stopped ??= stop()),
    kill: async () => {
      stopped ??= Promise.resolve();
      await end("SIGKILL");
    },
  };
}

async function answers(connection: Connection, signal: AbortSignal): Promise<boolean> {
  return withSession(connection, { signal, connectTimeoutMs: 2_000 }, () => Promise.resolve(true)).catch(
    (error: unknown) => {
      if (error instanceof EngineError && !error.permanent) return false;
      throw error;
    },
  );
}

/** Starts mariadbd and waits until it answers. It dies with this process. @throws EngineError with the words of its log when it does not come up; CancelledError. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  assertSocketPath(options.connection.socket);
  const server = await launch(options);
  let ended: { message: string } | undefined;
  void server.exited.then((end) => (ended = end));
  const started = monotonicMs();
  try {
    while (!(await answers(options.connection, options.signal))) {
      if (ended)
        throw fail(
          `the server in "${options.dataDirectory}" did not start: ${ended.message}`,
          `Read its error log "${options.logFile}".`,
        );
      if (monotonicMs() - started > START_TIMEOUT_MS)
        throw fail(
          `the server in "${options.dataDirectory}" did not answer within ${START_TIMEOUT_MS / 1_000} s`,
          `Read its error log "${options.logFile}".`,
        );
      await delay(POLL_MS, undefined, { signal: options.signal }).catch(() => {
        throw new CancelledError("stopped while a server started");
      });
    }
    return server;
  } catch (error) {
    await server.kill();
    throw error;
  }
}
