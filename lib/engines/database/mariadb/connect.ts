import { type Connection as Client, createConnection } from "mariadb";
import { CancelledError } from "@/lib/kernel/errors";
import type { Connection } from "../port";
import { toEngineError } from "./map-error";

export type Row = Record<string, unknown>;

/** An open connection that says no in EngineErrors and ends with its signal. */
export interface Session {
  /** `operation` is an infinitive for errors: "list the tables". Values go as `?`. */
  rows(operation: string, sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Twice is once. */
  close(): Promise<void>;
}

export interface SessionOptions {
  signal: AbortSignal;
  /** 0 is none. */
  queryTimeoutMs?: number;
  connectTimeoutMs?: number;
}

const QUERY_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;
const SILENCE_MS = 5_000;

/** Where a connection leads, for messages: a socket, or host and port. */
export function describePlace(connection: Connection): string {
  return connection.socket ?? `${connection.host}:${connection.port}`;
}

function throwIfAborted(signal: AbortSignal, operation: string): void {
  if (signal.aborted) throw new CancelledError(`stopped while it had to ${operation}`);
}

async function openClient(connection: Connection, options: SessionOptions): Promise<Client> {
  const place = describePlace(connection);
  const timeoutMs = options.queryTimeoutMs ?? QUERY_TIMEOUT_MS;
  try {
    return await createConnection({
      ...(connection.socket ? { socketPath: connection.socket } : { host: connection.host, port: connection.port }),
      user: connection.user,
      password: connection.password.reveal(),
      connectTimeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      // A server that does not even end a slow statement is given up a little later.
      socketTimeout: timeoutMs === 0 ? 0 : timeoutMs + SILENCE_MS,
      collation: "utf8mb4_bin",
      // Every value as the server prints it: a number of 20 digits and a zero date stay what they are.
      typeCast: (column, next) => (column.type === "BIT" || column.type === "BLOB" ? next() : column.string()),
      // The server ends a slow statement. Not by the connector's own option: it sets that without waiting for the answer,
      // and a connection that breaks off just then would end the whole process.
      initSql: [`SET SESSION time_zone = '+00:00', sql_mode = '', max_statement_time = ${timeoutMs / 1_000}`],
      logParam: false,
      permitLocalInfile: false,
    });
  } catch (error) {
    throw toEngineError(error, { operation: "open a connection", place });
  }
}

/** Opens one connection. @throws EngineError, CancelledError when `signal` aborts; a statement that runs then is killed with it. */
export async function openSession(connection: Connection, options: SessionOptions): Promise<Session> {
  const { signal } = options;
  const place = describePlace(connection);
  throwIfAborted(signal, "open a connection");
  const client = await openClient(connection, options);
  let ended: Promise<void> | undefined;
  const destroy = () => client.destroy();
  // The connector reports a lost connection here as well as to the statement; without a listener it would end the process.
  client.on("error", destroy);
  signal.addEventListener("abort", destroy, { once: true });
  const close = async () => {
    signal.removeEventListener("abort", destroy);
    await client.end().catch(() => destroy());
  };
  return {
    async rows(operation, sql, values = []) {
      throwIfAborted(signal, operation);
      try {
        const answer: unknown = await client.query({ sql, insertIdAsNumber: false }, [...values]);
        return Array.isArray(answer) ? (answer as Row[]) : [];
      } catch (error) {
        throwIfAborted(signal, operation);
        throw toEngineError(error, { operation, place });
      }
    },
    close: () => (ended ??= close()),
  };
}

/** Opens a connection for `work` and closes it whatever happens. */
export async function withSession<T>(
  connection: Connection,
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(connection, options);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** The text of a column; null for NULL or where it is absent. */
export function textOf(row: Row | undefined, column: string): string | null {
  const value = row?.[column];
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : Buffer.isBuffer(value) ? value.toString("utf8") : String(value);
}

/** The number in a column; 0 for NULL or where it is absent. */
export function numberOf(row: Row | undefined, column: string): number {
  return Number(textOf(row, column) ?? 0);
}
