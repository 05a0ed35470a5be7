import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "@/lib/kernel/errors";
import { newToken } from "@/lib/kernel/ids";
import { Secret } from "@/lib/kernel/secret";
import type { Connection, ScratchOptions, ScratchServer, ServerSettings } from "../port";
import { textOf, withSession } from "./connect";
import { writeOptionFile } from "./defaults-file";
import { parseServerVersion } from "./hazards/server-version";
import { ENGINE } from "./map-error";
import { assertAddressFree } from "./server/address";
import { findFreePort } from "./server/free-port";
import { initializeDataDirectory, writeInitFile } from "./server/initialize-data-directory";
import { loadTimeZones } from "./server/load-time-zones";
import { OPTION_FILE, type Place, setNamedTimeZone, startPrimary } from "./server/primary-server";
import { type ServerProcess, assertSocketPath, startServer } from "./server/run-server";
import { identifyProcess, removeMark, writeMark } from "./server/scratch-mark";
import { toDiskError } from "./server/disk-error";
import { clearDeadScratch } from "./server/sweep-scratch";
import { commonSettings, fastSettings, fixedSettings, safeSettings } from "./server/scratch-settings";
import { SERVER_FILE, writeServerFile } from "./server/server-file";
import { installedVersion } from "./server/installed-version";

const OPERATION = "start a throw-away server";
/** Another process may take the free port first. */
const PORT_ATTEMPTS = 3;

function refuse(message: string, hint: string): EngineError {
  return new EngineError(message, { engine: ENGINE, operation: OPERATION, permanent: true, hint });
}

async function assertEmpty(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw refuse(`directory "${directory}" cannot be used`, "Is it a directory that this user may enter?");
  });
  if (names.length === 0) return;
  throw refuse(
    `directory "${directory}" is not empty`,
    "Name a directory that is empty or does not exist yet: nothing is ever overwritten.",
  );
}

/** A dump of one series is read back by the same series: others know other words and other defaults. */
async function assertSameSeries(settings: ServerSettings, signal: AbortSignal): Promise<void> {
  const [here, source] = [parseServerVersion(await installedVersion(signal)), parseServerVersion(settings.version)];
  if (here.major === source.major && here.minor === source.minor) return;
  throw refuse(
    `the source is MariaDB ${source.major}.${source.minor}, and this machine has ${here.major}.${here.minor}`,
    `Install MariaDB ${source.major}.${source.minor} on this machine, or restore on one that has it.`,
  );
}

/** Plugins that could not be loaded are only a line in the server's log. */
async function assertPlugins(connection: Connection, settings: ServerSettings, signal: AbortSignal): Promise<void> {
  const rows = await withSession(connection, { signal }, (session) =>
    session.rows(
      "list the plugins",
      "SELECT DISTINCT plugin_library AS library FROM information_schema.plugins WHERE plugin_status = 'ACTIVE'",
    ),
  );
  const there = new Set(rows.map((row) => textOf(row, "library")));
  const missing = settings.plugins.filter((library) => !there.has(library));
  if (missing.length === 0) return;
  throw refuse(
    `this machine lacks plugins of the source: ${missing.join(", ")}`,
    "Install them on this machine (Debian: mariadb-server, mariadb-plugin-…).",
  );
}

async function launch(
  place: Place,
  settings: readonly string[],
  start: { signal: AbortSignal; initFile?: string },
): Promise<ServerProcess> {
  const { directory, connection } = place;
  const server = await startServer({
    dataDirectory: join(directory, "data"),
    logFile: join(directory, "error.log"),
    temporaryDirectory: join(directory, "tmp"),
    connection,
    settings: [...commonSettings(place.settings, place.log), ...settings],
    deathSignal: "KILL",
    ...start,
  });
  await writeMark(directory, await identifyProcess(server.pid));
  return server;
}

/** Time zones, and plugins: what the first start cannot bring by itself. */
async function completeServer(place: Place, signal: AbortSignal): Promise<void> {
  const { connection, settings } = place;
  await assertPlugins(connection, settings, signal);
  if (settings.hasTimeZoneTables) await loadTimeZones(connection, signal);
  await setNamedTimeZone(place, signal);
}

async function firstStart(options: ScratchOptions): Promise<{ place: Place; server: ServerProcess }> {
  const { directory, settings, signal } = options;
  const dataDirectory = join(directory, "data");
  await initializeDataDirectory({ dataDirectory, settings: fixedSettings(settings), signal });
  const password = new Secret(newToken());
  const initFile = join(directory, "init.sql");
  await writeInitFile(initFile, password);
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port || (await findFreePort());
    const connection = { socket: join(directory, "s"), host: "127.0.0.1", port, user: "root", password };
    const place: Place = { directory, connection, settings, ...(options.log ? { log: options.log } : {}) };
    try {
      const server = await launch(place, fastSettings(), { signal, initFile });
      await rm(initFile);
      await writeOptionFile(join(directory, OPTION_FILE), connection);
      return { place, server };
    } catch (error) {
      const isTaken =
        error instanceof EngineError && /Bind on TCP\/IP port|Address already in use/i.test(error.message);
      if (!isTaken || options.port !== 0 || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/**
 * Starts a fresh server like the source in an empty directory, with fast settings that no data should be kept with. It listens on 127.0.0.1 and
 * a socket, and the kernel ends it when this process dies; `sweepScratch` removes what then lies there.
 */
export async function startScratch(options: ScratchOptions): Promise<ScratchServer> {
  const { directory } = options;
  assertSocketPath(join(directory, "s"));
  await clearDeadScratch(directory);
  await assertEmpty(directory);
  await assertSameSeries(options.settings, options.signal);
  const first = await writeMark(directory, null)
    .then(() => firstStart(options))
    .catch((error: unknown) => removeAfter(directory, error));
  const { place } = first;
  let { server } = first;
  await completeServer(place, options.signal).catch(async (error: unknown) => {
    await server.kill();
    return removeAfter(directory, error);
  });
  let state: "fast" | "safe" | "primary" = "fast";
  return {
    directory,
    socket: place.connection.socket,
    port: place.connection.port,
    connection: place.connection,
    optionFile: join(directory, OPTION_FILE),
    serverFile: join(directory, SERVER_FILE),
    get pid() {
      return server.pid;
    },
    async stop() {
      // The primary is nobody's: a run that ends leaves it alone. What was loaded with fast settings is thrown away: nothing need be written out.
      if (state !== "primary") await (state === "safe" ? server.stop() : server.kill());
    },
    async leaveBehind() {
      await server.stop();
      await writeServerFile(place);
      await removeMark(directory);
    },
    async restartSafely(signal) {
      await server.stop();
      server = await launch(place, safeSettings(), { signal }).catch((error: unknown) => {
        throw toDiskError(error, { directory, operation: OPERATION });
      });
      state = "safe";
      await setNamedTimeZone(place, signal);
    },
    async takeAddress(request) {
      await assertAddressFree(request.connection);
      await server.stop();
      server = await startPrimary(place, request);
      state = "primary";
      return { pid: server.pid };
    },
    exited: () => server.exited,
  };
}

/** A start that failed leaves no directory, so that it can be tried again. Its log's words are in the error. */
async function removeAfter(directory: string, error: unknown): Promise<never> {
  await rm(directory, { recursive: true, force: true });
  throw toDiskError(error, { directory, operation: OPERATION });
}
