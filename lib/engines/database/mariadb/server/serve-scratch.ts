import { rm } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "@/lib/kernel/errors";
import { newToken } from "@/lib/kernel/ids";
import { Secret } from "@/lib/kernel/secret";
import type { ScratchOptions, ScratchServer } from "../../port";
import { withSession } from "../connect";
import { writeOptionFile } from "../defaults-file";
import { assertAddressFree } from "./address";
import { START_SCRATCH } from "./claim-directory";
import { toDiskError } from "./disk-error";
import { findFreePort } from "./free-port";
import { OPTION_FILE, type Place, setNamedTimeZone, startPrimary } from "./primary-server";
import { type ServerProcess, startServer } from "./run-server";
import { identifyProcess, removeMark, writeMark } from "./scratch-mark";
import { commonSettings, fastSettings, replaySettings, safeSettings } from "./scratch-settings";
import { SERVER_FILE, writeServerFile } from "./server-file";

/** Another process may take the free port first. */
const PORT_ATTEMPTS = 3;

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

/** Starts a server on the data directory that lies there, in a hurry. `writeInit` lets root in by the password. */
export async function firstStart(
  options: ScratchOptions & Pick<Place, "isPhysical">,
  writeInit: (path: string, rootPassword: Secret) => Promise<void>,
): Promise<{ place: Place; server: ServerProcess }> {
  const { directory, settings, signal, isPhysical, log } = options;
  const password = new Secret(newToken());
  const initFile = join(directory, "init.sql");
  await writeInit(initFile, password);
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port || (await findFreePort());
    const connection = { socket: join(directory, "s"), host: "127.0.0.1", port, user: "root", password };
    const place: Place = { directory, connection, settings, isPhysical, ...(log ? { log } : {}) };
    try {
      const server = await launch(place, isPhysical ? replaySettings() : fastSettings(), { signal, initFile });
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

/** Its pages were never written without the doublewrite buffer: only what the replay left in memory must go to disk. */
async function flushAtCommit({ connection }: Place, signal: AbortSignal): Promise<void> {
  await withSession(connection, { signal }, async (session) => {
    await session.rows("flush at each commit", "SET GLOBAL innodb_flush_log_at_trx_commit = 1");
    await session.rows("flush what was replayed", "FLUSH ENGINE LOGS");
  });
}

/** What can be done with a throw-away server that was started. */
export function serveScratch(started: { place: Place; server: ServerProcess }): ScratchServer {
  const { place } = started;
  const { directory } = place;
  let { server } = started;
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
    async makeSafe(signal) {
      if (place.isPhysical) {
        await flushAtCommit(place, signal);
      } else {
        await server.stop();
        server = await launch(place, safeSettings(), { signal }).catch((error: unknown) => {
          throw toDiskError(error, { directory, operation: START_SCRATCH });
        });
        await setNamedTimeZone(place, signal);
      }
      state = "safe";
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
