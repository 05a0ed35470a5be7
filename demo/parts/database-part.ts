import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createConnection } from "mariadb";
import type { Connection } from "@/lib/engines/database/port";
import { startServer } from "@/lib/engines/database/mariadb/server/run-server";
import { Secret } from "@/lib/kernel/secret";
import { type MariadbServer, startMariadbServer } from "../mariadb/start-mariadb-server";
import { isShopSeeded, seedShop } from "../shop/seed-shop";
import type { Part } from "./part";
import { endProcess, killProcess, markProcess, type ProcessMark } from "./process-mark";

export interface DatabasePartOptions {
  directory: string;
  port: number;
  shopPassword: string;
  /** Holdfast's password in the recovered data; null before the first start. */
  holdfastPassword(): string | null;
  /** After every start of the server that the estate made itself. */
  onStarted(server: MariadbServer): void;
}

const SERVER_ID = 1;
/** A clean shutdown writes everything out first. */
const GRACE_MS = 60_000;

/** The mariadbd that runs on a data directory, whoever started it; null when none does. */
export function findServerOn(dataDirectory: string): ProcessMark | null {
  let pid: number;
  let command: string[];
  try {
    pid = Number.parseInt(readFileSync(join(dataDirectory, "mariadbd.pid"), "utf8"), 10);
    command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return null; // no pid file, or no such process
  }
  // The number may belong to another program by now: only a server with this very directory counts.
  return command.includes(`--datadir=${dataDirectory}`) ? markProcess(pid) : null;
}

async function seedOnce(server: MariadbServer, shopPassword: string): Promise<void> {
  const { socket, user, password } = server.root;
  const connection = await createConnection({ socketPath: socket, user, password: password.reveal(), timezone: "Z" });
  try {
    if (!(await isShopSeeded(connection))) await seedShop(connection, shopPassword);
  } finally {
    await connection.end();
  }
}

/** Starts the server of a recovery again: its data came from a backup, so root is another, and Holdfast's account tells
 *  whether it answers. The settings are the source's: it writes a log, so that it is protected again. */
async function startRecovered(options: DatabasePartOptions, password: string): Promise<void> {
  const { directory, port } = options;
  const socket = join(directory, "s");
  const connection: Connection & { socket: string } = {
    socket,
    host: "127.0.0.1",
    port,
    user: "holdfast",
    password: new Secret(password),
  };
  await startServer({
    dataDirectory: join(directory, "data"),
    logFile: join(directory, "error.log"),
    temporaryDirectory: join(directory, "tmp"),
    connection,
    settings: [
      `--server-id=${SERVER_ID}`,
      "--log-bin=binlog",
      "--binlog-format=ROW",
      "--binlog-row-image=FULL",
      "--character-set-server=utf8mb4",
      "--collation-server=utf8mb4_general_ci",
    ],
    deathSignal: "TERM",
    signal: new AbortController().signal,
  });
}

/** The primary: MariaDB with its log on, seeded with the shop's data at its first start. */
export function createDatabasePart(options: DatabasePartOptions): Part {
  const { directory } = options;
  const running = () => findServerOn(join(directory, "data"));
  const end = async (how: typeof endProcess | typeof killProcess) => {
    const mark = running();
    if (mark) await how(mark, GRACE_MS);
  };
  return {
    name: "database",
    isAlive: () => running() !== null,
    stop: () => end(endProcess),
    kill: () => end(killProcess),
    start: async () => {
      await end(endProcess);
      const isRecovered = existsSync(join(directory, "data")) && !existsSync(join(directory, "server.json"));
      const password = options.holdfastPassword();
      if (isRecovered && password !== null) return startRecovered(options, password);
      const server = await startMariadbServer({
        directory,
        port: options.port,
        serverId: SERVER_ID,
        binlog: true,
        deathSignal: "TERM",
      });
      await seedOnce(server, options.shopPassword);
      options.onStarted(server);
    },
  };
}
