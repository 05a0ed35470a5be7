import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newToken } from "@/lib/kernel/ids";
import { Secret } from "@/lib/kernel/secret";
import type { Connection } from "@/lib/engines/database/port";
import { type Row, withSession } from "@/lib/engines/database/mariadb/connect";
import { leastPrivilegeStatements } from "@/lib/engines/database/mariadb/least-privileges";
import { findFreePort } from "@/lib/engines/database/mariadb/server/free-port";
import {
  initializeDataDirectory,
  writeInitFile,
} from "@/lib/engines/database/mariadb/server/initialize-data-directory";
import { type ServerProcess, assertSocketPath, startServer } from "@/lib/engines/database/mariadb/server/run-server";

export interface MariadbServerOptions {
  /** Short, since the socket lies in it. What an earlier start left there is used again. */
  directory: string;
  /** 0 or absent takes a free one, and keeps it for later starts in this directory. */
  port?: number;
  serverId: number;
  binlog: boolean;
  /** More settings of mariadbd, such as `{ "innodb-buffer-pool-size": "1G" }`. */
  settings?: Record<string, string | number>;
  /** `TERM` for data that should be shut down cleanly when this process dies. */
  deathSignal?: "KILL" | "TERM";
  signal?: AbortSignal;
}

export interface MariadbServer {
  directory: string;
  dataDirectory: string;
  socket: string;
  port: number;
  /** Of the running process; changes with a restart. */
  readonly pid: number;
  /** May do everything, by socket. */
  root: Connection & { socket: string };
  /** Holdfast's own account with the least privileges, by socket; works by TCP as well. */
  holdfast: Connection;
  /** Runs statements as root, one after the other; answers the rows of the last. */
  run(...statements: string[]): Promise<Row[]>;
  /** Clean end. */
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data, after stop or kill; more settings may be given. */
  restart(settings?: Record<string, string | number>): Promise<void>;
  /** Resolves when the running process ends. */
  exited(): Promise<{ exitCode: number | null; message: string }>;
}

interface Kept {
  port: number;
  rootPassword: string;
  holdfastPassword: string;
}

const KEPT_FILE = "server.json";
/** These cannot change once the data directory is made. */
const FIXED_SETTINGS = ["innodb-page-size", "lower-case-table-names"];

/** Port and passwords of an earlier start in this directory. */
async function readKept(path: string): Promise<Kept | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as Kept);
}

function settingArguments(settings: Record<string, string | number>): string[] {
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
}

/** What Debian's own configuration files set, and the log that every system needs which wants to lose nothing. */
function sourceArguments(options: MariadbServerOptions): string[] {
  const debian = {
    "character-set-server": "utf8mb4",
    "collation-server": "utf8mb4_general_ci",
    "expire-logs-days": 10,
  };
  const log = {
    "log-bin": "binlog",
    "binlog-format": "ROW",
    "binlog-row-image": "FULL",
  };
  return settingArguments({
    "server-id": options.serverId,
    ...debian,
    ...(options.binlog ? log : {}),
    ...options.settings,
  });
}

async function makeAccounts(root: Connection, kept: Kept, signal: AbortSignal): Promise<void> {
  const hosts = ["localhost", "127.0.0.1"];
  const statements = hosts.flatMap((host) =>
    leastPrivilegeStatements({
      user: "holdfast",
      host,
      password: kept.holdfastPassword,
    }),
  );
  await withSession(root, { signal }, async (session) => {
    for (const sql of statements) await session.rows("make Holdfast's account", sql.replace(/;$/, ""));
  });
}

interface Prepared {
  dataDirectory: string;
  root: Connection & { socket: string };
  holdfast: Connection;
  /** Only before the first start. */
  initFile: string | undefined;
  kept: Kept;
}

/** Makes data directory and passwords, or finds those of an earlier start. */
async function prepareServer(options: MariadbServerOptions, signal: AbortSignal): Promise<Prepared> {
  const { directory, settings = {} } = options;
  const [dataDirectory, socket] = [join(directory, "data"), join(directory, "s")];
  assertSocketPath(socket);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const earlier = await readKept(join(directory, KEPT_FILE));
  const port = options.port || earlier?.port || (await findFreePort());
  const kept: Kept = {
    rootPassword: newToken(),
    holdfastPassword: newToken(),
    ...earlier,
    port,
  };
  const root = {
    socket,
    host: "127.0.0.1",
    port,
    user: "root",
    password: new Secret(kept.rootPassword),
  };
  const holdfast = {
    ...root,
    user: "holdfast",
    password: new Secret(kept.holdfastPassword),
  };
  if (earlier) return { dataDirectory, root, holdfast, initFile: undefined, kept };
  await rm(dataDirectory, { recursive: true, force: true });
  const fixed = Object.entries(settings).filter(([name]) => FIXED_SETTINGS.includes(name));
  await initializeDataDirectory({
    dataDirectory,
    settings: settingArguments(Object.fromEntries(fixed)),
    signal,
  });
  const initFile = join(directory, "init.sql");
  await writeInitFile(initFile, root.password);
  return { dataDirectory, root, holdfast, initFile, kept };
}

/** After the first start: Holdfast's account, and what the next start must know. Written last: a start that broke off begins anew. */
async function finishServer(directory: string, prepared: Prepared, signal: AbortSignal): Promise<void> {
  if (prepared.initFile) {
    await rm(prepared.initFile);
    await makeAccounts(prepared.root, prepared.kept, signal);
  }
  await writeFile(join(directory, KEPT_FILE), JSON.stringify(prepared.kept), {
    mode: 0o600,
  });
}

/** Starts a MariaDB server on 127.0.0.1 with its data below `directory`: Debian's defaults, ROW log with GTIDs, and the account `holdfast`. It dies with this process. */
export async function startMariadbServer(options: MariadbServerOptions): Promise<MariadbServer> {
  const signal = options.signal ?? new AbortController().signal;
  const { directory } = options;
  const prepared = await prepareServer(options, signal);
  const { dataDirectory, root, holdfast } = prepared;
  const launch = (more: Record<string, string | number>, initFile?: string): Promise<ServerProcess> =>
    startServer({
      dataDirectory,
      logFile: join(directory, "error.log"),
      temporaryDirectory: join(directory, "tmp"),
      connection: root,
      settings: [...sourceArguments(options), ...settingArguments(more)],
      ...(initFile ? { initFile } : {}),
      deathSignal: options.deathSignal ?? "KILL",
      signal,
    });
  let server = await launch({}, prepared.initFile);
  await finishServer(directory, prepared, signal);
  return {
    directory,
    dataDirectory,
    socket: root.socket,
    port: root.port,
    root,
    holdfast,
    get pid() {
      return server.pid;
    },
    run: (...statements) => runStatements(root, statements),
    stop: () => server.stop(),
    kill: () => server.kill(),
    async restart(settings = {}) {
      server = await launch(settings);
    },
    exited: () => server.exited,
  };
}

function runStatements(root: Connection, statements: readonly string[]): Promise<Row[]> {
  const signal = new AbortController().signal;
  return withSession(root, { signal, queryTimeoutMs: 0 }, async (session) => {
    let rows: Row[] = [];
    for (const sql of statements) rows = await session.rows("run a statement", sql);
    return rows;
  });
}
