import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { userInfo } from "node:os";
import { runProgram } from "@/lib/engines/shared/process";
import { PreconditionError } from "@/lib/kernel/errors";
import { newToken } from "@/lib/kernel/ids";
import type { EmbeddedBinaries } from "./embedded-binaries";

/** Where one embedded PostgreSQL lives below a home directory. */
export interface Cluster {
  directory: string;
  data: string;
  /** Its socket: no port is opened, so no other user of the machine can reach it. */
  sockets: string;
  log: string;
  passwordFile: string;
  /** The user that the server runs as; undefined: ours. */
  runAs: Identity | undefined;
}

export interface Identity {
  uid: number;
  gid: number;
}

export const SUPERUSER = "holdfast";
const SERVER_USER = "holdfast-db";
const ENGINE = "postgres";
/** sun_path holds 108 bytes with its end. */
const SOCKET_PATH_BYTES_MAX = 107;

/** The paths below a home. @throws PreconditionError when a socket's path would be too long there */
export function describeCluster(home: string, runAs: Identity | undefined): Cluster {
  const directory = join(home, "postgres");
  const sockets = join(directory, "run");
  const socket = join(sockets, ".s.PGSQL.5432");
  if (Buffer.byteLength(socket) > SOCKET_PATH_BYTES_MAX) {
    throw new PreconditionError(`the path "${socket}" is longer than the ${SOCKET_PATH_BYTES_MAX} bytes of a socket`, {
      hint: "Set HOLDFAST_HOME to a shorter directory.",
    });
  }
  return {
    directory,
    sockets,
    runAs,
    data: join(directory, "data"),
    log: join(sockets, "server.log"),
    passwordFile: join(directory, "password"),
  };
}

/** PostgreSQL refuses to run as root: then it runs as a user of its own, who is made when missing. */
export async function findServerUser(signal: AbortSignal): Promise<Identity | undefined> {
  if (userInfo().uid !== 0) return undefined;
  const known = await lookUpUser();
  if (known) return known;
  await runProgram({
    engine: ENGINE,
    operation: "make the database's user",
    program: "useradd",
    args: [
      "--system",
      "--user-group",
      "--no-create-home",
      "--home-dir",
      "/nonexistent",
      "--shell",
      "/usr/sbin/nologin",
      SERVER_USER,
    ],
    signal,
    hint: `Can users be added to this machine? Add the system user "${SERVER_USER}", or set DATABASE_URL.`,
  });
  const made = await lookUpUser();
  if (made) return made;
  throw new PreconditionError(`the user "${SERVER_USER}" was made and is not in /etc/passwd`, {
    hint: "Add the system user by hand, or set DATABASE_URL.",
  });
}

async function lookUpUser(): Promise<Identity | undefined> {
  const lines = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const entry = lines.find(([name]) => name === SERVER_USER);
  return entry ? { uid: Number(entry[2]), gid: Number(entry[3]) } : undefined;
}

/** Makes the directories and the password, and opens the way to them for the server's user. */
export async function prepareDirectories(cluster: Cluster): Promise<string> {
  const { directory, sockets, passwordFile, runAs } = cluster;
  await mkdir(sockets, { recursive: true, mode: 0o700 });
  if (runAs) {
    for (const path of [dirname(directory), directory]) await chmod(path, ((await stat(path)).mode & 0o777) | 0o011);
    await refuseClosedAncestors(dirname(directory));
    await chown(sockets, runAs.uid, runAs.gid);
  }
  await writeFile(passwordFile, newToken(24), { mode: 0o600, flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error; // the password of the first start stays
  });
  return (await readFile(passwordFile, "utf8")).trim();
}

async function refuseClosedAncestors(path: string): Promise<void> {
  for (let at = dirname(path); ; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) {
      throw new PreconditionError(`the database's user "${SERVER_USER}" cannot enter "${at}"`, {
        hint: "Set HOLDFAST_HOME to a directory that every user can pass through, such as one below /var/lib.",
      });
    }
    if (at === dirname(at)) return;
  }
}

interface NewServer {
  cluster: Cluster;
  binaries: EmbeddedBinaries;
  isDurable: boolean;
  signal: AbortSignal;
}

/** Makes the data directory unless it is there. Killed half-way, it begins anew the next time. */
export async function initializeData(server: NewServer): Promise<void> {
  const { cluster, binaries, signal } = server;
  const { data, sockets, runAs, passwordFile } = cluster;
  if (await isInitialized(cluster, binaries)) return;
  const partial = join(sockets, "data.new");
  const password = join(sockets, "password.new");
  await rm(partial, { recursive: true, force: true });
  await rm(password, { force: true });
  await writeFile(password, await readFile(passwordFile), { mode: 0o600, flag: "wx" });
  if (runAs) await chown(password, runAs.uid, runAs.gid);
  const durability = server.isDurable ? [] : ["--no-sync"];
  const locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"];
  try {
    await runProgram({
      engine: ENGINE,
      operation: "make the console's database",
      program: join(binaries.directory, "bin", "initdb"),
      args: [
        `--pgdata=${partial}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${password}`,
        "--auth=scram-sha-256",
        ...locale,
        ...durability,
      ],
      ...(runAs ? { runAs } : {}),
      cwd: "/",
      signal,
      hint: `Is there space below "${cluster.directory}"?`,
    });
  } finally {
    await rm(password, { force: true });
  }
  await rename(partial, data);
}

/** @throws PreconditionError when another major version of PostgreSQL made the data */
async function isInitialized(cluster: Cluster, binaries: EmbeddedBinaries): Promise<boolean> {
  const major = await readFile(join(cluster.data, "PG_VERSION"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (major === null) return false;
  if (binaries.version.startsWith(`${major.trim()}.`)) return true;
  throw new PreconditionError(
    `"${cluster.data}" was made by PostgreSQL ${major.trim()}, and this is ${binaries.version}`,
    {
      hint: "Start the Holdfast that made it, or set DATABASE_URL to a PostgreSQL that holds the console's data.",
    },
  );
}

const COMMON_SETTINGS = {
  listen_addresses: "",
  port: "5432",
  unix_socket_permissions: "0700",
  timezone: "UTC",
  log_timezone: "UTC",
  lc_messages: "C",
  shared_buffers: "128MB",
  max_connections: "100",
  // Neither statements nor the values in them belong into a log.
  log_min_messages: "warning",
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
};

/** For a database that nobody misses: several times faster, gone after a crash of the machine. */
const THROWAWAY_SETTINGS = {
  fsync: "off",
  full_page_writes: "off",
  checkpoint_timeout: "1h",
  max_wal_size: "2GB",
  max_connections: "300",
};

/** Writes the server's whole configuration: what holds is what stands here. */
export async function writeConfiguration(cluster: Cluster, isDurable: boolean): Promise<void> {
  const settings: Record<string, string> = {
    ...COMMON_SETTINGS,
    unix_socket_directories: cluster.sockets,
    ...(isDurable ? {} : THROWAWAY_SETTINGS),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  const file = join(cluster.data, "postgresql.conf");
  await writeFile(file, ["# Holdfast writes this file at every start.", ...lines, ""].join("\n"), { mode: 0o600 });
}
