import type { Connection } from "mariadb";
import { type JournalEntry, readJournal } from "./load/journal";

/** A lost write may be acknowledged this much before the newest recovered one: writers overlap. Earlier is a hole. */
const OVERLAP_MS = 500;
const ENTRIES_AT_ONCE = 1_000;

type Write = Pick<JournalEntry, "token" | "acknowledgedAt">;

/** What is known of the acknowledged writes so far; it does not grow with them. */
export interface Tally {
  acknowledged: number;
  recovered: number;
  newestRecovered: Write | null;
  /** The one that was acknowledged first. */
  oldestLost: Write | null;
}

export function emptyTally(): Tally {
  return { acknowledged: 0, recovered: 0, newestRecovered: null, oldestLost: null };
}

/** The tally with one more acknowledged write. */
export function addWrite(tally: Tally, write: Write, isRecovered: boolean): Tally {
  const { newestRecovered, oldestLost } = tally;
  const isNewest = isRecovered && write.acknowledgedAt >= (newestRecovered?.acknowledgedAt ?? -Infinity);
  const isOldest = !isRecovered && write.acknowledgedAt < (oldestLost?.acknowledgedAt ?? Infinity);
  return {
    acknowledged: tally.acknowledged + 1,
    recovered: tally.recovered + (isRecovered ? 1 : 0),
    newestRecovered: isNewest ? write : newestRecovered,
    oldestLost: isOldest ? write : oldestLost,
  };
}

export interface WitnessReport {
  acknowledgedWrites: number;
  recoveredWrites: number;
  lostWrites: number;
  newestRecovered: Write | null;
  /** disruptionAt − acknowledgement of the newest recovered write; null when none came back. */
  rpoActualSeconds: number | null;
  /** Why what is missing is not the end of the writes alone; null when it is. */
  hole: string | null;
}

/** Judges the tally. `disruptionAt` in ms since 1970: the last acknowledged heartbeat. */
export function concludeTally(tally: Tally, disruptionAt: number): WitnessReport {
  const { newestRecovered, oldestLost } = tally;
  const counts = {
    acknowledgedWrites: tally.acknowledged,
    recoveredWrites: tally.recovered,
    lostWrites: tally.acknowledged - tally.recovered,
    newestRecovered,
  };
  if (newestRecovered === null)
    return {
      ...counts,
      rpoActualSeconds: null,
      hole: tally.acknowledged > 0 ? "no acknowledged write came back" : null,
    };
  const earlyMs = newestRecovered.acknowledgedAt - (oldestLost?.acknowledgedAt ?? Infinity);
  const hole =
    oldestLost !== null && earlyMs >= OVERLAP_MS
      ? `a hole is not a tail: order ${oldestLost.token} was acknowledged ${earlyMs} ms before the newest recovered write and is missing`
      : null;
  return { ...counts, rpoActualSeconds: (disruptionAt - newestRecovered.acknowledgedAt) / 1_000, hole };
}

export interface WitnessQuestion {
  /** To the recovered server. */
  connection: Connection;
  journal: string;
  disruptionAt: Date;
  /** Writes acknowledged from here on were made on the recovered server itself, and prove nothing about it. */
  until: Date;
}

async function findTokens(connection: Connection, entries: readonly Write[]): Promise<Set<string>> {
  const sql = `SELECT token FROM shop.orders WHERE token IN (${entries.map(() => "?").join(", ")})`;
  const rows: { token: string }[] = await connection.query(
    sql,
    entries.map((entry) => entry.token),
  );
  return new Set(rows.map((row) => row.token));
}

/** Compares the journal with the orders of the recovered server. The journal is streamed: memory stays flat. */
export async function witnessRecovery(question: WitnessQuestion): Promise<WitnessReport> {
  let tally = emptyTally();
  let batch: JournalEntry[] = [];
  const count = async () => {
    if (batch.length === 0) return;
    const found = await findTokens(question.connection, batch);
    for (const entry of batch) tally = addWrite(tally, entry, found.has(entry.token));
    batch = [];
  };
  for await (const entry of readJournal(question.journal)) {
    if (entry.acknowledgedAt >= question.until.getTime()) continue;
    batch.push(entry);
    if (batch.length === ENTRIES_AT_ONCE) await count();
  }
  await count();
  return concludeTally(tally, question.disruptionAt.getTime());
}

/** The first write that a client had acknowledged at or after an instant: where the RTO ends. Null when there is none yet. */
export async function findWriteAfter(journal: string, at: Date): Promise<JournalEntry | null> {
  for await (const { id, token, requestedAt, acknowledgedAt } of readJournal(journal)) {
    if (acknowledgedAt >= at.getTime()) return { id, token, requestedAt, acknowledgedAt };
  }
  return null;
}
