import { open, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { userInfo } from "node:os";
import { Client, DatabaseError } from "pg";
import { runProgram } from "@/lib/engines/shared/process";
import { sha256 } from "@/lib/kernel/crypto";
import { EngineError, PreconditionError } from "@/lib/kernel/errors";
import { monotonicMs } from "@/lib/kernel/time";
import { type EmbeddedBinaries, installEmbeddedBinaries } from "./embedded-binaries";
import {
  type Cluster,
  SUPERUSER,
  describeCluster,
  findServerUser,
  initializeData,
  prepareDirectories,
  writeConfiguration,
} from "./embedded-cluster";
import { withMachineLock } from "./machine-lock";

export interface EmbeddedPostgresOptions {
  /** A short directory outside the clone; the server lives in `postgres` below it. */
  home: string;
  /** false: no fsync, for tests. */
  isDurable?: boolean;
  /** Called once when the server goes away without `stop()`: killed, or stopped by hand. Start it again then. */
  onLost?: () => void;
  signal?: AbortSignal;
}

export interface EmbeddedPostgres {
  /** `postgres://…@localhost/holdfast?host=<socket directory>`: holds the password, and is good for pg, Prisma and pg-boss. */
  databaseUrl: string;
  /** Whether the server ran already. */
  attached: boolean;
  /** Process id of the server. */
  pid: number;
  dataDirectory: string;
  logFile: string;
  /** Lets go of the server, and stops it when no other process holds it. */
  stop(): Promise<void>;
}

const DATABASE = "holdfast";
/** Every process that uses the server holds it shared; who takes it alone is the last one. */
const HOLDER_LOCK = 4_711_001;
const START_SECONDS_MAX = 120;
const LOG_BYTES_MAX = 10 * 2 ** 20;
/** PostgreSQL's word for "starting up" and "shutting down". */
const CANNOT_CONNECT_NOW = "57P03";

/**
 * Starts the console's own PostgreSQL below `home`, or attaches to the one that runs there, also after whoever started
 * it was killed. The server outlives this process when it is killed.
 * @throws PreconditionError, EngineError
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const signal = options.signal ?? new AbortController().signal;
  const { binaries, runAs } = await withMachineLock(`programs-${userInfo().uid}`, async () => ({
    binaries: await installEmbeddedBinaries(),
    runAs: await findServerUser(signal),
  }));
  const cluster = describeCluster(options.home, runAs);
  const server: Server = { cluster, binaries, signal, isDurable: options.isDurable ?? true };
  return await withMachineLock(lockName(cluster), async () => {
    const password = await prepareDirectories(cluster);
    const running = await attach(server, password);
    if (!running) await startServer(server);
    const holder = running ?? (await hold(server, password));
    return await describe(server, { holder, password, attached: running !== null, onLost: options.onLost });
  });
}

interface Server {
  cluster: Cluster;
  binaries: EmbeddedBinaries;
  signal: AbortSignal;
  isDurable: boolean;
}

interface Held {
  holder: Client;
  password: string;
  attached: boolean;
  onLost: (() => void) | undefined;
}

function lockName(cluster: Cluster): string {
  return `postgres-${sha256(cluster.directory).slice(0, 32)}`;
}

async function describe(server: Server, held: Held): Promise<EmbeddedPostgres> {
  const { cluster } = server;
  const { holder } = held;
  let isStopping = false;
  holder.once("end", () => {
    if (!isStopping) held.onLost?.();
  });
  const { rows } = await holder.query<{ pid: number }>(
    "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid",
  );
  return {
    databaseUrl: urlOf(cluster, held.password, DATABASE),
    attached: held.attached,
    pid: rows[0]?.pid ?? 0,
    dataDirectory: cluster.data,
    logFile: cluster.log,
    stop: async () => {
      if (isStopping) return;
      isStopping = true;
      await withMachineLock(lockName(cluster), () => letGo(server, holder));
    },
  };
}

function urlOf(cluster: Cluster, password: string, database: string): string {
  return `postgres://${SUPERUSER}:${password}@localhost/${database}?host=${encodeURIComponent(cluster.sockets)}`;
}

async function connectTo(cluster: Cluster, password: string, database: string): Promise<Client> {
  const client = new Client({
    connectionString: urlOf(cluster, password, database),
    application_name: "holdfast-holder",
  });
  client.on("error", () => undefined); // the end of the connection tells the same
  await client.connect();
  return client;
}

/** Connects to a server that runs already; waits while it starts up or shuts down. Null: it does not run. */
async function attach(server: Server, password: string): Promise<Client | null> {
  const deadline = monotonicMs() + START_SECONDS_MAX * 1_000;
  for (;;) {
    try {
      return await hold(server, password);
    } catch (error) {
      if (isAbsent(error)) return null;
      const isInBetween = error instanceof DatabaseError && error.code === CANNOT_CONNECT_NOW;
      if (!isInBetween || monotonicMs() > deadline) throw error;
      await delay(50, undefined, { signal: server.signal });
    }
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ECONNREFUSED");
}

/** Makes the database when it is missing and holds the server until the connection ends. */
async function hold(server: Server, password: string): Promise<Client> {
  const { cluster } = server;
  const maintenance = await connectTo(cluster, password, "postgres");
  try {
    const found = await maintenance.query("SELECT 1 FROM pg_database WHERE datname = $1", [DATABASE]);
    if (found.rowCount === 0) await maintenance.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await maintenance.end();
  }
  const holder = await connectTo(cluster, password, DATABASE);
  await holder.query("SELECT pg_advisory_lock_shared($1)", [HOLDER_LOCK]);
  return holder;
}

async function letGo(server: Server, holder: Client): Promise<void> {
  const isLast = await isLastHolder(holder);
  await holder.end();
  if (isLast) await runControl(server, "stop the console's database", ["stop", "--mode=fast", "--wait"]);
}

async function isLastHolder(holder: Client): Promise<boolean> {
  try {
    await holder.query("SELECT pg_advisory_unlock_shared($1)", [HOLDER_LOCK]);
    const { rows } = await holder.query<{ alone: boolean }>("SELECT pg_try_advisory_lock($1) AS alone", [HOLDER_LOCK]);
    return rows[0]?.alone === true;
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    return false; // the connection is gone, and the server with it
  }
}

async function startServer(server: Server): Promise<void> {
  const { cluster } = server;
  await initializeData(server);
  await writeConfiguration(cluster, server.isDurable);
  await putLogAside(cluster.log);
  await startOnceFree(server);
}

/** After `kill -9` of the server its children live a moment longer and hold its memory. */
async function startOnceFree(server: Server): Promise<void> {
  const deadline = monotonicMs() + START_SECONDS_MAX * 1_000;
  for (;;) {
    const from = await sizeOf(server.cluster.log);
    try {
      const wait = ["--wait", `--timeout=${START_SECONDS_MAX}`];
      return void (await runControl(server, "start the console's database", [
        "start",
        ...wait,
        `--log=${server.cluster.log}`,
      ]));
    } catch (error) {
      const said = await readFrom(server.cluster.log, from);
      if (!/pre-existing shared memory block|lock file "postmaster.pid"/.test(said) || monotonicMs() > deadline) {
        throw explainStart(error, server.cluster, said);
      }
      await delay(100, undefined, { signal: server.signal });
    }
  }
}

function explainStart(error: unknown, cluster: Cluster, said: string): unknown {
  if (!(error instanceof EngineError)) return error;
  const fatal = /FATAL: +(.*)/.exec(said)?.[1];
  return new PreconditionError(`the console's database does not start${fatal ? `: ${fatal}` : ""}`, {
    hint: `What do the last lines of "${cluster.log}" say?`,
    cause: error,
  });
}

function runControl(server: Server, operation: string, args: readonly string[]): Promise<string> {
  const { cluster, binaries, signal } = server;
  return runProgram({
    engine: "postgres",
    operation,
    program: join(binaries.directory, "bin", "pg_ctl"),
    args: [...args, "--silent", `--pgdata=${cluster.data}`],
    // The server inherits them: a pipe would never end.
    stdio: ["ignore", "ignore", "ignore"],
    cwd: "/",
    ...(cluster.runAs ? { runAs: cluster.runAs } : {}),
    signal,
    hint: `What do the last lines of "${cluster.log}" say?`,
  });
}

async function putLogAside(log: string): Promise<void> {
  if ((await sizeOf(log)) > LOG_BYTES_MAX) await rename(log, `${log}.1`);
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    (facts) => facts.size,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return 0;
      throw error;
    },
  );
}

async function readFrom(path: string, offset: number): Promise<string> {
  if ((await sizeOf(path)) <= offset) return "";
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8_192), 0, 8_192, offset);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
