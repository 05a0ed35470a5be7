import type { Readable } from "node:stream";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import type { Connection } from "../port";
import { numberOf, withSession } from "./connect";
import { FooterWatch } from "./dump/footer-watch";
import { MalformedDumpError } from "./dump/split-dump";
import { type KeyBuilder, openKeyBuilder } from "./load/key-builder";
import { type LateConstraint, type LoadStep, TableRewriter } from "./load/rewrite-tables";
import { openRowLane } from "./load/row-lane";
import { type RowLanes, createRowLanes } from "./load/row-lanes";
import { type SqlClient, startSqlClient } from "./load/sql-client";
import { ENGINE } from "./map-error";

const OPERATION = "load the data";
const PACKET_BYTES = 2 ** 30;

export interface LoadOptions {
  signal: AbortSignal;
  /** Bytes of SQL that the client has taken. */
  onProgress?: (bytes: number) => void;
  /** Tables with fewer bytes of rows are loaded as they come; for tests. */
  largeTableBytes?: number;
  /** Bytes of rows in one transaction, at least; for tests. */
  linesBytes?: number;
}

/**
 * Makes the target take what the source could hold.
 * @throws EngineError where it runs events: they come back enabled and would change the copy.
 */
async function prepareTarget(target: Connection, signal: AbortSignal): Promise<void> {
  await withSession(target, { signal }, async (session) => {
    const [row] = await session.rows(
      "read the target's settings",
      "SELECT @@GLOBAL.event_scheduler = 'ON' AS events, @@GLOBAL.max_allowed_packet AS packet",
    );
    if (numberOf(row, "events") === 1) {
      throw new EngineError("the target's event scheduler is on: events come back enabled and would change the copy", {
        engine: ENGINE,
        operation: OPERATION,
        permanent: true,
        hint: "SET GLOBAL event_scheduler = OFF on the target, and in its configuration.",
      });
    }
    if (numberOf(row, "packet") < PACKET_BYTES) {
      await session.rows("let the target take packets of 1 GB", `SET GLOBAL max_allowed_packet = ${PACKET_BYTES}`);
    }
  });
}

interface Loading {
  client: SqlClient;
  keys: KeyBuilder;
  /** Null where the target reads nothing from this machine: rows come as INSERT statements. */
  rows: RowLanes | null;
  /** Tables whose keys wait for their rows to be in. */
  pending: Promise<void>[];
}

async function carryOut(step: LoadStep, loading: Loading): Promise<void> {
  const { client, keys, rows, pending } = loading;
  if (step.kind === "sql") {
    await rows?.settle();
    return client.write(step.bytes);
  }
  if (step.kind === "begin-lines") return rows?.begin(step);
  if (step.kind === "lines") return rows?.write(step.bytes);
  if (step.kind === "end-lines") return rows?.end(step.rows);
  if (step.kind === "wait") return settle(loading);
  const { schema, sql } = step;
  // The rows of the next table go on meanwhile.
  const added = client.reached().then(() => keys.add(schema, sql));
  added.catch(() => undefined);
  pending.push(added);
}

/** Waits until all rows so far are in and all keys are built. */
async function settle({ client, keys, rows, pending }: Loading): Promise<void> {
  await rows?.settle();
  await client.reached();
  await Promise.all(pending.splice(0));
  await keys.drain();
}

async function feed(sql: Readable, loading: Loading, options: LoadOptions): Promise<LateConstraint[]> {
  const { largeTableBytes, linesBytes } = options;
  const rewriter = new TableRewriter({ largeTableBytes, linesBytes, asLines: loading.rows !== null });
  const footer = new FooterWatch();
  let bytes = 0;
  for await (const chunk of sql as AsyncIterable<Buffer>) {
    footer.push(chunk);
    for (const step of rewriter.push(chunk)) await carryOut(step, loading);
    bytes += chunk.length;
    options.onProgress?.(bytes);
  }
  footer.end();
  const { steps, constraints } = rewriter.end();
  for (const step of steps) await carryOut(step, loading);
  return constraints;
}

async function loadAll(sql: Readable, loading: Loading, options: LoadOptions): Promise<void> {
  const constraints = await feed(sql, loading, options);
  await settle(loading);
  for (const { schema, sql: statement } of constraints) {
    loading.keys.add(schema, statement);
    // Each concerns two tables: at the same time one could wait for another that waits for it.
    await loading.keys.drain();
  }
  await loading.client.finish();
}

function translate(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return new CancelledError(`stopped while it had to ${OPERATION}`);
  if (!(error instanceof MalformedDumpError)) return error;
  return new EngineError(`the dump is not whole: ${error.message}`, {
    engine: ENGINE,
    operation: OPERATION,
    permanent: true,
    kind: "damage",
    hint: "Was the backup's object checked? Another copy of it may be whole.",
  });
}

/** What a load needs of the outside, and how it is all given back. */
async function openLoading(target: Connection, signal: AbortSignal): Promise<Loading & { close(): Promise<void> }> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    await prepareTarget(target, signal);
    const keys = await openKeyBuilder(target, signal);
    closers.push(() => keys.close());
    const client = await startSqlClient(target, OPERATION, signal);
    closers.push(() => client.dispose());
    const openLane = async (own?: { client: SqlClient }) => {
      const lane = await openRowLane(target, { operation: OPERATION, signal, ...own });
      if (lane) closers.push(() => lane.close());
      return lane;
    };
    const first = await openLane({ client });
    // One beside it: keys of the tables before are built at the same time.
    const second = first && (await openLane());
    const rows = first && createRowLanes(second ? [first, second] : [first]);
    return { client, keys, rows, pending: [], close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Loads a dump with several connections: MariaDB's client takes statements and, by a pipe, the rows of large tables; others
 * build the keys of tables whose rows are in. A target in which it failed holds a part of the data. @throws EngineError, CancelledError
 */
export async function loadData(target: Connection, sql: Readable, options: LoadOptions): Promise<void> {
  const { signal } = options;
  const loading = await openLoading(target, signal);
  try {
    const work = loadAll(sql, loading, options);
    work.catch(() => undefined);
    const { keys, client, rows } = loading;
    await Promise.race([work, keys.failed, client.failed, ...(rows ? [rows.failed] : [])]);
  } catch (error) {
    // A client that ended badly says why; what was thrown first may be a consequence.
    throw translate(error, signal);
  } finally {
    sql.destroy();
    await loading.close();
  }
}
