import { readdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { childEnvironment } from "@/lib/kernel/env";

/** One transaction, as MariaDB's own text of the log shows it. */
export interface TextTransaction {
  gtid: string;
  file: string;
  /** Of its GTID event. */
  offset: number;
  endOffset: number;
  /** Event time in whole seconds. */
  atSeconds: number;
  /** What it wrote into `app.journal`. */
  tokens: string[];
  /** A table of `app` that it makes. */
  makes: string | null;
  /** Of the heartbeat that it writes; the row's microseconds cut to milliseconds. */
  heartbeatMs: number | null;
}

const AT = /^# at (\d+)$/;
const HEADER = /^#(\d{6} +\d+:\d+:\d+) server id \d+ +end_log_pos (\d+) /;
const GTID = /\tGTID (\d+-\d+-\d+)/;
const TABLE = /^### (INSERT INTO|UPDATE|DELETE FROM) `(.+)`\.`(.+)`$/;
const COLUMN = /^### {3}@(\d+)=(.*)$/;
const MAKES = /^CREATE TABLE `?app`?\.`?(ddl_\w+)`?/;

/** Reads lines of `mariadb-binlog -v` of one file. Knows nothing of our own reader. */
class TextReader {
  readonly transactions: TextTransaction[] = [];
  #offset = 0;
  #table = "";
  #isAfter = true;
  constructor(readonly file: string) {}

  push(line: string): void {
    const at = AT.exec(line);
    if (at) this.#offset = Number(at[1]);
    const header = HEADER.exec(line);
    if (header) return this.#pushHeader(line, header);
    const current = this.transactions.at(-1);
    if (!current) return;
    const makes = MAKES.exec(line);
    if (makes) current.makes = makes[1] ?? null;
    const table = TABLE.exec(line);
    if (table) {
      this.#table = `${table[2]}.${table[3]}`;
      this.#isAfter = table[1] === "INSERT INTO";
    }
    if (line === "### SET") this.#isAfter = true;
    const column = COLUMN.exec(line);
    if (column && this.#isAfter) this.#pushColumn(current, Number(column[1]), column[2] ?? "");
  }

  #pushHeader(line: string, [, time = "", end = "0"]: RegExpExecArray): void {
    const gtid = GTID.exec(line)?.[1];
    if (gtid !== undefined) {
      this.transactions.push({
        ...{ gtid, file: this.file, offset: this.#offset, endOffset: Number(end) },
        ...{ atSeconds: secondsOf(time), tokens: [], makes: null, heartbeatMs: null },
      });
      return;
    }
    const current = this.transactions.at(-1);
    // A file's last event is no part of a transaction, nor is what the server notes between two.
    if (current && !/\t(Rotate to|Stop|Binlog checkpoint)/.test(line)) current.endOffset = Number(end);
  }

  #pushColumn(current: TextTransaction, column: number, value: string): void {
    if (this.#table === "app.journal" && column === 2) current.tokens.push(value.replace(/^'|'$/g, ""));
    if (this.#table === "holdfast.heartbeat" && column === 3) {
      current.heartbeatMs = Math.floor(Number(value) * 1_000 + 0.0001);
    }
  }
}

/** `261123 11:26:08`, in UTC. */
function secondsOf(text: string): number {
  const [date = "", time = ""] = text.split(/ +/);
  const day = `20${date.slice(0, 2)}-${date.slice(2, 4)}-${date.slice(4, 6)}`;
  return Date.parse(`${day}T${time.padStart(8, "0")}Z`) / 1_000;
}

/** Every transaction of a server's log in commit order, as `mariadb-binlog` prints it: the oracle. */
export async function readLogText(dataDirectory: string): Promise<TextTransaction[]> {
  const files = (await readdir(dataDirectory)).filter((name) => /^binlog\.\d+$/.test(name)).sort();
  const all: TextTransaction[] = [];
  for (const file of files) all.push(...(await readFileText(join(dataDirectory, file), file)));
  return all;
}

async function readFileText(path: string, file: string): Promise<TextTransaction[]> {
  const args = ["--no-defaults", "--base64-output=decode-rows", "--verbose", path];
  const child = spawn("mariadb-binlog", args, { stdio: ["ignore", "pipe", "inherit"], env: childEnvironment() });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const reader = new TextReader(file);
  for await (const line of createInterface({ input: child.stdout, crlfDelay: Infinity })) reader.push(line);
  const exitCode = await ended;
  if (exitCode !== 0) throw new Error(`mariadb-binlog ended with ${exitCode} on "${file}"`);
  return reader.transactions;
}
