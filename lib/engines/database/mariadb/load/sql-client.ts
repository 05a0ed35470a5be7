import { once } from "node:events";
import type { Readable } from "node:stream";
import { startProgram } from "@/lib/engines/shared/process";
import { EngineError } from "@/lib/kernel/errors";
import { newToken } from "@/lib/kernel/ids";
import type { Connection } from "../../port";
import { describePlace } from "../connect";
import { writeDefaultsFile } from "../defaults-file";
import { ENGINE, explainStderr } from "../map-error";

/** MariaDB's own client with SQL on its standard input. */
export interface SqlClient {
  write(bytes: Buffer): Promise<void>;
  /** Resolves when the server has carried out everything that was written before. */
  reached(): Promise<void>;
  /** The value of an expression after all that; a number or a text without spaces and line ends. */
  ask(expression: string): Promise<string>;
  /** No more input; resolves when the client ended well. @throws EngineError */
  finish(): Promise<void>;
  /** Rejects as soon as the client ends badly, also while nothing is written; never resolves. */
  failed: Promise<never>;
  /** Ends the client if it still runs, and removes its secrets. */
  dispose(): Promise<void>;
}

const MARK = "holdfast-";
/** Of a line that has not ended yet, so many are kept. */
const LINE_CHARACTERS = 8_192;

/** What the client is started with: it stops at the first error, and prints no statement and no row. */
const ARGUMENTS = [
  "--batch",
  "--silent",
  "--skip-column-names",
  "--unbuffered",
  // Without it a value with a line end or a zero byte comes out another.
  "--binary-mode",
  // Without it comments in stored programs are lost.
  "--comments",
  // It prints the whole statement that failed, rows included.
  "--loose-skip-print-query-on-error",
  "--skip-reconnect",
  "--max-allowed-packet=1G",
  "--default-character-set=utf8mb4",
];

function failed(operation: string, message: string): EngineError {
  const hint = "The target's error log may say more.";
  return new EngineError(message, { engine: ENGINE, operation, permanent: false, hint });
}

/** Whatever the client prints may hold a row: only its number and names are taken. */
function explain(stderr: string, operation: string, place: string): EngineError {
  return explainStderr(stderr, { operation, place }) ?? failed(operation, `MariaDB's client could not ${operation}`);
}

/** Calls back with what follows a mark in a line of the client's output. */
function watchMarks(output: Readable | null, marks: ReadonlyMap<string, (value: string) => void>): void {
  let line = "";
  output?.on("data", (chunk: Buffer) => {
    const lines = `${line}${chunk.toString("latin1")}`.split("\n");
    line = (lines.pop() ?? "").slice(-LINE_CHARACTERS);
    for (const text of lines) {
      const [mark = "", value = ""] = text.split(" ");
      marks.get(mark)?.(value);
    }
  });
}

/** Starts the client. */
export async function startSqlClient(target: Connection, operation: string, signal: AbortSignal): Promise<SqlClient> {
  const own = new AbortController();
  const defaults = await writeDefaultsFile(target);
  const place = describePlace(target);
  const { child, done } = startProgram({
    engine: ENGINE,
    operation,
    program: "mariadb",
    args: [defaults.argument, ...ARGUMENTS],
    stdio: ["pipe", "pipe", "pipe"],
    signal: AbortSignal.any([signal, own.signal]),
    hint: "The target's error log may say more.",
    explain: (stderr) => explain(stderr, operation, place),
  });
  let isFinishing = false;
  // A client that ends well before its input does has not read all of it.
  const ended = done.then(() => {
    if (!isFinishing) throw failed(operation, "MariaDB's client ended before its input");
  });
  const failure = new Promise<never>((_resolve, reject) => {
    ended.catch(reject);
  });
  failure.catch(() => undefined);
  const marks = new Map<string, (value: string) => void>();
  watchMarks(child.stdout, marks);
  const { stdin } = child;
  // Why it does not take more is told by its end, which follows.
  stdin?.on("error", () => undefined);
  const write = async (bytes: Buffer): Promise<void> => {
    if (!stdin || stdin.destroyed) return ended;
    if (!stdin.write(bytes)) await Promise.race([once(stdin, "drain").catch(() => ended), ended]);
  };
  const ask = async (expression: string): Promise<string> => {
    const mark = `${MARK}${newToken()}`;
    const seen = new Promise<string>((resolve) => marks.set(mark, resolve));
    await write(Buffer.from(`SELECT CONCAT('${mark} ', ${expression});\n`));
    const value = await Promise.race([seen, ended]);
    marks.delete(mark);
    return value ?? "";
  };
  return {
    write,
    ask,
    async reached() {
      await ask("''");
    },
    finish() {
      isFinishing = true;
      stdin?.end();
      return ended;
    },
    failed: failure,
    async dispose() {
      own.abort();
      await done.catch(() => undefined);
      await defaults.remove();
    },
  };
}
