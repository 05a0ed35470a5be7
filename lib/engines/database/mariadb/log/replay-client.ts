import { once } from "node:events";
import { startProgram } from "@/lib/engines/shared/process";
import { EngineError } from "@/lib/kernel/errors";
import { newToken } from "@/lib/kernel/ids";
import type { Connection } from "../../port";
import { describePlace } from "../connect";
import { writeDefaultsFile } from "../defaults-file";
import { ENGINE, explainStderr, findErrorNumber } from "../map-error";

export const REPLAY = "replay the log";

/** The one connection of a replay. */
export interface ReplayClient {
  write(bytes: Buffer): Promise<void>;
  /** The value of an expression in this session, after everything that was written before. */
  ask(expression: string): Promise<string>;
  /** No more input; resolves when the client ended well. */
  finish(): Promise<void>;
  /** Ends the client if it still runs, and removes its secrets. */
  dispose(): Promise<void>;
}

const ARGUMENTS = [
  "--batch",
  "--silent",
  "--skip-column-names",
  "--unbuffered",
  "--binary-mode",
  // It prints the whole statement that failed, rows included.
  "--skip-print-query-on-error",
  // A second connection would have lost temporary tables and an open transaction without a word.
  "--skip-reconnect",
  "--max-allowed-packet=1G",
  "--default-character-set=utf8mb4",
  // LOAD DATA that was logged as a statement comes as a file beside the log.
  "--local-infile=1",
];

/** The client's words may hold a row: only the error's number is taken. */
function explain(stderr: string, place: string): EngineError {
  const known = explainStderr(stderr, { operation: REPLAY, place });
  if (known) return known;
  const number = findErrorNumber(stderr);
  return new EngineError(
    `MariaDB on ${place} could not ${REPLAY}${number === null ? "" : `: it refused a statement with error ${number}`}`,
    {
      engine: ENGINE,
      operation: REPLAY,
      permanent: true,
      hint: "Does the target hold exactly the backup that the log follows, and was the schema changed during its dump?",
    },
  );
}

/** Calls back with the rest of a line of output that begins with a mark. Statements of the log print as well. */
function watchMarks(onLine: (mark: string, value: string) => void): (chunk: Buffer) => void {
  let line = "";
  return (chunk) => {
    const lines = (line + chunk.toString("latin1")).split("\n");
    line = (lines.pop() ?? "").slice(-1_024);
    for (const text of lines) {
      const space = text.indexOf(" ");
      if (space > 0) onLine(text.slice(0, space), text.slice(space + 1));
    }
  };
}

/** Starts MariaDB's client on the target. */
export async function startReplayClient(target: Connection, signal: AbortSignal): Promise<ReplayClient> {
  const own = new AbortController();
  const defaults = await writeDefaultsFile(target);
  const { child, done } = startProgram({
    engine: ENGINE,
    operation: REPLAY,
    program: "mariadb",
    args: [defaults.argument, ...ARGUMENTS],
    stdio: ["pipe", "pipe", "pipe"],
    signal: AbortSignal.any([signal, own.signal]),
    hint: "The target's error log may say more.",
    explain: (stderr) => explain(stderr, describePlace(target)),
  });
  let isFinishing = false;
  const ended = done.then(() => {
    if (!isFinishing) throw explain("", describePlace(target));
  });
  ended.catch(() => undefined);
  const waiting = new Map<string, (value: string) => void>();
  child.stdout?.on(
    "data",
    watchMarks((mark, value) => waiting.get(mark)?.(value)),
  );
  const { stdin } = child;
  // Why it does not take more is told by its end, which follows.
  stdin?.on("error", () => undefined);
  const write = async (bytes: Buffer): Promise<void> => {
    if (!stdin || stdin.destroyed) return ended;
    if (!stdin.write(bytes)) await Promise.race([once(stdin, "drain").catch(() => ended), ended]);
  };
  return {
    write,
    async ask(expression) {
      const mark = `holdfast-${newToken()}`;
      const answer = new Promise<string>((resolve) => waiting.set(mark, resolve));
      await write(Buffer.from(`SELECT CONCAT('${mark} ', ${expression});\n`));
      const value = await Promise.race([answer, ended.then(() => "")]);
      waiting.delete(mark);
      return value;
    },
    finish() {
      isFinishing = true;
      stdin?.end();
      return ended;
    },
    async dispose() {
      own.abort();
      await done.catch(() => undefined);
      await defaults.remove();
    },
  };
}
