import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { childEnvironment } from "@/lib/kernel/env";
import { EngineError } from "@/lib/kernel/errors";
import type { ApplicationHost, ApplicationStart, RunningApplication } from "../port";

const ENGINE = "application";
/** More of what an application prints is not kept. */
const OUTPUT_CHARACTERS_MAX = 4_096;
/** Of the shell, and of the death watch, when there is no such program. */
const EXIT_NOT_FOUND = 127;

/**
 * Leads the session. The kernel ends it with this process, and it then ends all that it leads, which the kernel would
 * not: an application is often a program that starts another one. The application's words are its arguments, as they are.
 */
const LEADER = 'trap "kill -KILL 0" TERM; "$@" & wait $!';

/** Applications as processes of this machine. */
export function createLocalApplications(): ApplicationHost {
  return { freePort, start };
}

function fail(message: string, hint: string, isMissing = false): EngineError {
  return new EngineError(message, {
    engine: ENGINE,
    operation: "start the application",
    permanent: isMissing,
    hint,
    ...(isMissing ? { kind: "missing-program" as const } : {}),
  });
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", () => reject(fail("no port is free on 127.0.0.1", "Look at what listens there: ss -ltn.")));
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function start(options: ApplicationStart): Promise<RunningApplication> {
  const { argv, environment, directory, secrets, home } = options;
  await mkdir(home, { recursive: true, mode: 0o700 });
  const child = spawn("setpriv", ["--pdeathsig=TERM", "--", "sh", "-c", LEADER, "application", ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    // The runner's home may hold ways into other databases.
    env: childEnvironment({ ...environment, HOME: home }),
    // A session of its own: it has no terminal, and ends as a whole.
    detached: true,
    ...(directory === undefined ? {} : { cwd: directory }),
  });
  const output = collect(secrets);
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => output.add(chunk));
  const ended = Promise.withResolvers<number | null>();
  child.once("exit", (exitCode) => ended.resolve(exitCode));
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", () => resolve());
    child.once("error", () =>
      reject(
        fail(
          `the application cannot be started${directory ? ` in "${directory}"` : ""}`,
          "Is the directory there, and setpriv installed?",
          true,
        ),
      ),
    );
  });
  const exited = ended.promise.then((exitCode) => {
    const missing = exitCode === EXIT_NOT_FOUND ? `there is no program "${argv[0] ?? ""}" on this machine. ` : "";
    return { exitCode, output: `${missing}${output.text()}` };
  });
  return { exited, stop: once(() => endGroup(child.pid, exited)) };
}

/** The newest of what is printed, without the secrets. */
function collect(secrets: readonly string[]) {
  let kept = "";
  return {
    add: (chunk: Buffer) => {
      kept = (kept + chunk.toString("utf8")).slice(-2 * OUTPUT_CHARACTERS_MAX);
    },
    text: () =>
      secrets
        .filter((secret) => secret !== "")
        .reduce((text, secret) => text.replaceAll(secret, "[secret]"), kept)
        .slice(-OUTPUT_CHARACTERS_MAX)
        .trim(),
  };
}

async function endGroup(pid: number | undefined, exited: Promise<unknown>): Promise<void> {
  if (pid === undefined) return;
  // Its data is a throw-away copy: nothing need be put in order.
  signalGroup(pid, "SIGKILL");
  await exited;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}
