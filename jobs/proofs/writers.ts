import { setTimeout as wait } from "node:timers/promises";
import { type Session, openSession } from "@/lib/engines/database/mariadb/connect";
import type { Connection } from "@/lib/engines/database/port";
import { systemNow } from "@/lib/kernel/time";

/** One commit, as its writer knows it. Times are of this machine's clock, which is the server's as well. */
export interface JournalEntry {
  token: string;
  writer: string;
  /** Before the statement that commits was sent. */
  sentAt: number;
  acknowledgedAt: number;
}

export interface Writers {
  /** In the order of each writer's acknowledgements. */
  journal: JournalEntry[];
  /** Tables are made only while this is held open: a dump that sees one is taken again. */
  allowTables(isAllowed: boolean): Promise<void>;
  /** Lets each writer end what it is at. @throws the first writer's error */
  stop(): Promise<void>;
}

export const WRITER_STATEMENTS = [
  "CREATE DATABASE app CHARACTER SET utf8mb4",
  "CREATE TABLE app.journal (id BIGINT AUTO_INCREMENT PRIMARY KEY, token VARCHAR(64) NOT NULL UNIQUE, writer VARCHAR(20) NOT NULL, n INT NOT NULL DEFAULT 0)",
  "CREATE TABLE app.ledger (token VARCHAR(64) PRIMARY KEY, amount INT NOT NULL)",
  "CREATE TABLE app.balance (id INT PRIMARY KEY, amount BIGINT NOT NULL)",
  "INSERT INTO app.balance VALUES (1, 0), (2, 0)",
];

/** Each takes one turn: writes what it writes and returns the tokens that are committed then. */
type Turn = (desk: Desk) => Promise<void>;

/** What a writer has: its session, and the journal. */
class Desk {
  #count = 0;
  constructor(
    readonly writer: string,
    readonly session: Session,
    private readonly journal: JournalEntry[],
  ) {}

  token(): string {
    this.#count += 1;
    return `${this.writer}-${this.#count}`;
  }

  run(sql: string, values: readonly unknown[] = []): Promise<unknown> {
    return this.session.rows("write", sql, values);
  }

  /** Sends the statement that commits these tokens. */
  async commit(tokens: readonly string[], sql: string, values: readonly unknown[] = []): Promise<void> {
    const sentAt = systemNow().getTime();
    await this.run(sql, values);
    const acknowledgedAt = systemNow().getTime();
    for (const token of tokens) this.journal.push({ token, writer: this.writer, sentAt, acknowledgedAt });
  }
}

const INSERT = "INSERT INTO app.journal (token, writer) VALUES (?, ?)";
const SLOW = "INSERT INTO app.journal (token, writer, n) SELECT ?, ?, SLEEP(5)";

const single: Turn = async (desk) => {
  const token = desk.token();
  await desk.commit([token], INSERT, [token, desk.writer]);
  await wait(7);
};

/** A statement that is stamped when it begins and committed 5 s later. */
const slow: Turn = async (desk) => {
  const token = desk.token();
  await desk.commit([token], SLOW, [token, desk.writer]);
};

/** Rows over 10 s, committed at once. */
const long: Turn = async (desk) => {
  const tokens: string[] = [];
  await desk.run("START TRANSACTION");
  for (let second = 0; second < 10; second += 1) {
    tokens.push(desk.token());
    await desk.run(INSERT, [tokens.at(-1), desk.writer]);
    await wait(1_000);
  }
  await desk.commit(tokens, "COMMIT");
};

/** Several tables in one transaction, and now and then one that is rolled back. */
const several: Turn = async (desk) => {
  const token = desk.token();
  await desk.run("START TRANSACTION");
  await desk.run(INSERT, [token, desk.writer]);
  await desk.run("INSERT INTO app.ledger VALUES (?, 1)", [token]);
  await desk.run("UPDATE app.balance SET amount = amount + IF(id = 1, 1, -1)");
  if (token.endsWith("5")) await desk.run("ROLLBACK");
  else await desk.commit([token], "COMMIT");
  await wait(11);
};

/** A table each, with a row. */
const tables: Turn = async (desk) => {
  const token = desk.token();
  const table = `app.ddl_${token.replaceAll("-", "_")}`;
  await desk.run(`CREATE TABLE ${table} (token VARCHAR(64) PRIMARY KEY)`);
  await desk.run(`ALTER TABLE ${table} ADD COLUMN more INT NOT NULL DEFAULT 5, ADD KEY more (more)`);
  await desk.run(`INSERT INTO ${table} VALUES (?, 1)`, [token]);
  await wait(400);
};

interface Kind {
  turn: Turn;
  /** Of its session. */
  setting?: string;
}

const KINDS: Record<string, Kind> = {
  one: { turn: single },
  two: { turn: single },
  several: { turn: several },
  slow: { turn: slow },
  long: { turn: long },
  past: { turn: single, setting: "SET SESSION timestamp = 978307200.25" },
  future: { turn: single, setting: "SET SESSION timestamp = 2000000000.75" },
  elsewhere: { turn: single, setting: "SET SESSION gtid_domain_id = 7" },
};

/** Starts one writer of each kind. */
export async function startWriters(root: Connection): Promise<Writers> {
  const journal: JournalEntry[] = [];
  const stopping = new AbortController();
  const options = { signal: new AbortController().signal, queryTimeoutMs: 0 };
  const desks: Promise<void>[] = [];
  for (const [writer, { turn, setting }] of Object.entries(KINDS)) {
    const session = await openSession(root, options);
    if (setting) await session.rows("set the session", setting);
    desks.push(workOn(new Desk(writer, session, journal), turn, stopping.signal));
  }
  const maker = new TableMaker(new Desk("tables", await openSession(root, options), journal));
  return {
    journal,
    allowTables: (isAllowed) => maker.allow(isAllowed),
    stop: async () => {
      stopping.abort();
      await Promise.all([...desks, maker.end()]);
    },
  };
}

async function workOn(desk: Desk, turn: Turn, stopping: AbortSignal): Promise<void> {
  try {
    while (!stopping.aborted) await turn(desk);
  } finally {
    await desk.session.close();
  }
}

/** Makes tables while it may. */
class TableMaker {
  #stopping = new AbortController();
  #work: Promise<void> = Promise.resolve();
  constructor(private readonly desk: Desk) {}

  async allow(isAllowed: boolean): Promise<void> {
    this.#stopping.abort();
    await this.#work;
    if (!isAllowed) return;
    const stopping = new AbortController();
    this.#stopping = stopping;
    this.#work = this.#make(stopping.signal);
    this.#work.catch(() => undefined); // end() tells it
  }

  async end(): Promise<void> {
    await this.allow(false);
    await this.desk.session.close();
  }

  async #make(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await tables(this.desk);
  }
}
