import { mkdir } from "node:fs/promises";
import { type RunningProgram, startProgram } from "@/lib/engines/shared/process";
import { EngineError } from "@/lib/kernel/errors";
import type { Connection, LogOffset } from "../../port";
import { describePlace } from "../connect";
import { writeDefaultsFile } from "../defaults-file";
import { ENGINE } from "../map-error";
import { findServerProgram } from "../server/server-programs";
import { MAGIC } from "./event-types";

const OPERATION = "copy the log from the server";
const HINT = "Is the server running, and may the account follow its log (REPLICATION SLAVE)?";

/** Why the copying ended, as MariaDB's program words it. `position`: the bytes there are no event. `torn`: the server's own file is cut inside an event. */
export type LogClientFailure =
  "no-file" | "no-next-file" | "position" | "torn" | "same-id" | "denied" | "disk" | "lost" | "unknown";

const FAILURES: readonly {
  text: RegExp;
  failure: LogClientFailure;
  message: string;
  hint: string;
  permanent: boolean;
}[] = [
  {
    text: /could not find first log file name/i,
    failure: "no-file",
    message: "the server no longer has the file",
    hint: "Was it purged (expire_logs_days, PURGE BINARY LOGS), or the log begun anew (RESET MASTER)?",
    permanent: false,
  },
  {
    text: /could not find next log/i,
    failure: "no-next-file",
    message: "the server no longer has the next file",
    hint: "Was the log begun anew (RESET MASTER), or purged while it was read?",
    permanent: false,
  },
  {
    text: /impossible position|bogus data in log event|log event entry exceeded/i,
    failure: "position",
    message: "there is no event at this position of the server's file",
    hint: "Is it still the same server, or was the log begun anew?",
    permanent: false,
  },
  {
    text: /truncated in the middle of event/i,
    failure: "torn",
    message: "the server's own file is cut inside an event",
    hint: "Was the server killed while it wrote, or is its disk full?",
    permanent: false,
  },
  {
    text: /same server_uuid\/server_id/i,
    failure: "same-id",
    message: "another program follows the log under the same replica id",
    hint: "Does a second Holdfast with the same name of console and system follow this server?",
    permanent: false,
  },
  {
    text: /access denied/i,
    failure: "denied",
    message: "the server refused the account",
    hint: "Are user and password right, and does the account have the right REPLICATION SLAVE?",
    permanent: true,
  },
  {
    text: /could not write into log file|no space left/i,
    failure: "disk",
    message: "the runner's disk takes no more of it",
    hint: "Is the disk below HOLDFAST_HOME full? The server keeps the log meanwhile, as long as it is told to (expire_logs_days).",
    permanent: false,
  },
  {
    text: /can't connect|lost connection|failed on connect|unknown host|server has gone away/i,
    failure: "lost",
    message: "the connection to the server was lost",
    hint: "Is the server running, and can this runner reach it?",
    permanent: false,
  },
];

/** An error that says which of the known failures it was. */
export class LogClientError extends EngineError {
  constructor(
    readonly failure: LogClientFailure,
    message: string,
    options: { hint: string; permanent: boolean },
  ) {
    super(message, { engine: ENGINE, operation: OPERATION, ...options });
  }
}

/** The program's stderr names files, positions and accounts, never a row. */
function explain(stderr: string, place: string): LogClientError {
  const known = FAILURES.find(({ text }) => text.test(stderr));
  const message = known
    ? known.message
    : `mariadb-binlog failed (${stderr.trim().split("\n").at(-1)?.slice(0, 300) ?? ""})`;
  return new LogClientError(known?.failure ?? "unknown", `MariaDB on ${place} could not ${OPERATION}: ${message}`, {
    hint: known?.hint ?? HINT,
    permanent: known?.permanent ?? false,
  });
}

export interface LogClientOptions {
  connection: Connection;
  /** Made, 0700; the files come into it under the server's names. */
  directory: string;
  /** An event boundary; the first file is then a copy that begins there. */
  from: LogOffset;
  /** As which replica it waits for more; null ends with the file. */
  replicaId: number | null;
  signal: AbortSignal;
}

/** Starts copying the server's log, byte by byte. `done` rejects with LogClientError. The program dies with this process. */
export async function startLogClient(options: LogClientOptions): Promise<RunningProgram> {
  const { connection, directory, from, replicaId, signal } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const wrapper = await findServerProgram("setpriv");
  const program = await findServerProgram("mariadb-binlog");
  const defaults = await writeDefaultsFile(connection);
  const running = startProgram({
    engine: ENGINE,
    operation: OPERATION,
    program: wrapper,
    args: [
      "--pdeathsig=KILL",
      "--",
      program,
      defaults.argument,
      "--read-from-remote-server",
      "--raw",
      "--verify-binlog-checksum",
      `--result-file=${directory}/`,
      `--start-position=${Math.max(from.offset, MAGIC.length)}`,
      ...(replicaId === null ? [] : ["--stop-never", `--stop-never-slave-server-id=${replicaId}`]),
      from.file,
    ],
    stdio: ["ignore", "ignore", "pipe"],
    signal,
    hint: HINT,
    explain: (stderr) => explain(stderr, describePlace(connection)),
  });
  const done = running.done.finally(() => defaults.remove());
  done.catch(() => undefined);
  return { child: running.child, done };
}
