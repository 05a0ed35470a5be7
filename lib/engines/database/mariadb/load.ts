import type { Readable } from "node:stream";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import type { Connection } from "../port";
import { numberOf, withSession } from "./connect";
import { FooterWatch } from "./dump/footer-watch";
import { MalformedDumpError } from "./dump/split-dump";
import { type KeyBuilder, openKeyBuilder } from "./load/key-builder";
import { type LateConstraint, type LoadStep, TableRewriter } from "./load/rewrite-tables";
import { type SqlClient, startSqlClient } from "./load/sql-client";
import { ENGINE } from "./map-error";

const OPERATION = "load the data";
const PACKET_BYTES = 2 ** 30;

export interface LoadOptions {
  signal: AbortSignal;
  /** Bytes of SQL that the client has taken. */
  onProgress?: (bytes: number) => void;
  /** Tables with fewer bytes of rows keep their keys while they are loaded; for tests. */
  largeTableBytes?: number;
}

/** Makes the target take what the source could hold. @throws EngineError where it runs events: they come back enabled and would change the copy. */
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
  signal: AbortSignal;
  /** Tables whose keys wait for their rows to be in. */
  pending: Promise<void>[];
}

async function carryOut(step: LoadStep, loading: Loading): Promise<void> {
  const { client, keys, pending } = loading;
  if (step.kind === "sql") return client.write(step.bytes);
  if (step.kind === "wait") return settle(loading);
  const { schema, sql } = step;
  // The rows of the next table go on meanwhile.
  const added = client.reached().then(() => keys.add(schema, sql));
  added.catch(() => undefined);
  pending.push(added);
}

/** Waits until all rows so far are in and all keys are built. */
async function settle({ client, keys, pending }: Loading): Promise<void> {
  await client.reached();
  await Promise.all(pending.splice(0));
  await keys.drain();
}

async function feed(sql: Readable, loading: Loading, options: LoadOptions): Promise<LateConstraint[]> {
  const rewriter = new TableRewriter(options.largeTableBytes);
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
  for (const { schema, sql: statement } of constraints) loading.keys.add(schema, statement);
  await loading.keys.drain();
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

/**
 * Loads a dump with two connections: MariaDB's client takes the rows, a second builds the keys of tables whose rows are in.
 * A target in which it failed holds a part of the data. @throws EngineError, CancelledError
 */
export async function loadData(target: Connection, sql: Readable, options: LoadOptions): Promise<void> {
  const { signal } = options;
  await prepareTarget(target, signal);
  const keys = await openKeyBuilder(target, signal);
  const client = await startSqlClient(target, OPERATION, signal).catch(async (error: unknown) => {
    await keys.close();
    throw error;
  });
  try {
    const work = loadAll(sql, { client, keys, signal, pending: [] }, options);
    work.catch(() => undefined);
    await Promise.race([work, keys.failed, client.failed]);
  } catch (error) {
    // A client that ended badly says why; what was thrown first may be a consequence.
    throw translate(error, signal);
  } finally {
    sql.destroy();
    await client.dispose();
    await keys.close();
  }
}
