import { rm } from "node:fs/promises";
import { EngineError } from "@/lib/kernel/errors";
import type { Connection, DumpDisturbance, LogPosition } from "../../port";
import { textOf, withSession } from "../connect";
import { ENGINE } from "../map-error";
import { makeTemporaryDirectory } from "../temporary-directory";
import { fetchPiece } from "./fetch-piece";
import { HEARTBEAT_SCHEMA, HEARTBEAT_TABLE } from "./heartbeat-rows";
import { compareOffsets, readServerLog } from "./server-log";
import { EventScanner } from "./scan-events";
import { copyOffset, readHead } from "./spool-piece";
import { readCopy } from "./cut-chunk";
import { TransactionTracker, type TrackedTransaction } from "./track-transactions";

const OPERATION = "look through the log of the dump's time";

/** Base tables whose engine cannot roll back, of the applications. */
const NON_TRANSACTIONAL = `SELECT CONCAT(t.TABLE_SCHEMA, '.', t.TABLE_NAME) AS name
  FROM information_schema.TABLES t JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
  WHERE t.TABLE_TYPE = 'BASE TABLE' AND e.TRANSACTIONS <> 'YES'
    AND t.TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')`;

/** What would make a dump useless for a replay: changes of the schema, and rows that its snapshot could not hold back. */
export async function findDisturbances(
  connection: Connection,
  range: { from: LogPosition; to: LogPosition },
  signal: AbortSignal,
): Promise<DumpDisturbance[]> {
  const suspects: TrackedTransaction[] = [];
  for (const file of await listFiles(connection, range, signal)) {
    const from = file === range.from.file ? range.from.offset : 0;
    suspects.push(...(await readSuspects(connection, { file, from, to: range.to }, signal)));
  }
  if (suspects.length === 0) return [];
  const tables = await listNonTransactional(connection, signal);
  return suspects.flatMap((transaction) => disturbanceOf(transaction, tables) ?? []);
}

async function listFiles(
  connection: Connection,
  { from, to }: { from: LogPosition; to: LogPosition },
  signal: AbortSignal,
): Promise<string[]> {
  const { files } = await readServerLog(connection, signal);
  const wanted = files
    .map(({ file }) => ({ file, offset: 0 }))
    .filter((place) => compareOffsets(place, { file: from.file, offset: 0 }) >= 0 && compareOffsets(place, to) < 0);
  if (wanted[0]?.file === from.file) return wanted.map(({ file }) => file);
  if (compareOffsets(from, to) >= 0) return [];
  throw new EngineError(`the server no longer has its log from "${from.file}" on, where the dump began`, {
    engine: ENGINE,
    operation: OPERATION,
    permanent: false,
    hint: "Is the server told to keep its log longer than a dump takes (expire_logs_days, binlog_expire_logs_seconds)?",
  });
}

/** One file at a time lies on disk, and not longer than it is read. */
async function readSuspects(
  connection: Connection,
  range: { file: string; from: number; to: LogPosition },
  signal: AbortSignal,
): Promise<TrackedTransaction[]> {
  const end = range.file === range.to.file ? range.to.offset : Infinity;
  const directory = await makeTemporaryDirectory();
  try {
    const from = { file: range.file, offset: range.from };
    const bytesMax = end === Infinity ? Infinity : end - range.from + 4_096;
    const { piece } = await fetchPiece({ connection, directory, from, bytesMax, fileId: undefined, signal });
    if (piece === null) return [];
    return await scanSuspects(piece, range.from, end);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function scanSuspects(
  piece: NonNullable<Awaited<ReturnType<typeof fetchPiece>>["piece"]>,
  from: number,
  end: number,
): Promise<TrackedTransaction[]> {
  const tracker = new TransactionTracker(piece.file);
  const scanner = new EventScanner({ file: piece.file, resumedAt: from });
  const suspects: TrackedTransaction[] = [];
  const head = await readHead(piece.path);
  if (from > 0 && head) scanner.push(head, () => undefined);
  for await (const chunk of readCopy(piece, from === 0 ? 0 : copyOffset(piece, from), copyOffset(piece, piece.end))) {
    scanner.push(chunk as Buffer, (event) => {
      const transaction = tracker.accept(event);
      const isSuspect = transaction && (transaction.changesSchema || !transaction.transactional);
      if (isSuspect && transaction.endOffset <= end) suspects.push(transaction);
    });
    if (scanner.boundary >= end) break;
  }
  return suspects;
}

async function listNonTransactional(connection: Connection, signal: AbortSignal): Promise<Set<string>> {
  const rows = await withSession(connection, { signal }, (session) =>
    session.rows("list the tables that cannot roll back", NON_TRANSACTIONAL),
  );
  return new Set(rows.map((row) => textOf(row, "name") ?? ""));
}

/** A transaction that used a temporary table is not marked transactional either: only the engines of its tables tell. */
function disturbanceOf(transaction: TrackedTransaction, nonTransactional: Set<string>): DumpDisturbance | null {
  const { gtid, at, file, offset, tables, hasStatements, changesSchema } = transaction;
  if (changesSchema) return { kind: "schema-changed", gtid, at, file, offset };
  const heartbeat = `${HEARTBEAT_SCHEMA}.${HEARTBEAT_TABLE}`;
  const isWritten = tables.some((table) => table !== heartbeat && nonTransactional.has(table));
  const mayBeWritten = hasStatements && nonTransactional.size > 0;
  return isWritten || mayBeWritten ? { kind: "non-transactional-row", gtid, at, file, offset } : null;
}
