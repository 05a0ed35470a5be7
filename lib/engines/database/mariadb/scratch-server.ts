import { join } from "node:path";
import type { Connection, ScratchOptions, ScratchServer, ServerSettings } from "../port";
import { textOf, withSession } from "./connect";
import { claimDirectory, giveUpDirectory, refuseScratch } from "./server/claim-directory";
import { initializeDataDirectory, writeInitFile } from "./server/initialize-data-directory";
import { loadTimeZones } from "./server/load-time-zones";
import { type Place, setNamedTimeZone } from "./server/primary-server";
import { fixedSettings } from "./server/scratch-settings";
import { firstStart, serveScratch } from "./server/serve-scratch";

/** Plugins that could not be loaded are only a line in the server's log. */
export async function assertPlugins(
  connection: Connection,
  settings: ServerSettings,
  signal: AbortSignal,
): Promise<void> {
  const rows = await withSession(connection, { signal }, (session) =>
    session.rows(
      "list the plugins",
      "SELECT DISTINCT plugin_library AS library FROM information_schema.plugins WHERE plugin_status = 'ACTIVE'",
    ),
  );
  const there = new Set(rows.map((row) => textOf(row, "library")));
  const missing = settings.plugins.filter((library) => !there.has(library));
  if (missing.length === 0) return;
  throw refuseScratch(
    `this machine lacks plugins of the source: ${missing.join(", ")}`,
    "Install them on this machine (Debian: mariadb-server, mariadb-plugin-…).",
  );
}

/** Time zones, and plugins: what the first start cannot bring by itself. */
async function completeServer(place: Place, signal: AbortSignal): Promise<void> {
  const { connection, settings } = place;
  await assertPlugins(connection, settings, signal);
  if (settings.hasTimeZoneTables) await loadTimeZones(connection, signal);
  await setNamedTimeZone(place, signal);
}

/**
 * Starts a fresh server like the source in an empty directory, with fast settings that no data should be kept with. It listens on 127.0.0.1 and
 * a socket, and the kernel ends it when this process dies; `sweepScratch` removes what then lies there.
 */
export async function startScratch(options: ScratchOptions): Promise<ScratchServer> {
  const { directory, settings, signal } = options;
  await claimDirectory(directory, options);
  try {
    const dataDirectory = join(directory, "data");
    await initializeDataDirectory({ dataDirectory, settings: fixedSettings(settings), signal });
    const started = await firstStart({ ...options, isPhysical: false }, writeInitFile);
    await completeServer(started.place, signal).catch(async (error: unknown) => {
      await started.server.kill();
      throw error;
    });
    return serveScratch(started);
  } catch (error) {
    return giveUpDirectory(directory, error);
  }
}
