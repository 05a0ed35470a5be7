import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "@/lib/kernel/errors";
import type { ServerSettings } from "../../port";
import { parseServerVersion } from "../hazards/server-version";
import { ENGINE } from "../map-error";
import { toDiskError } from "./disk-error";
import { installedVersion } from "./installed-version";
import { assertSocketPath } from "./run-server";
import { writeMark } from "./scratch-mark";
import { clearDeadScratch } from "./sweep-scratch";

export const START_SCRATCH = "start a throw-away server";

/** A server or a machine that a throw-away server cannot be had with. */
export function refuseScratch(message: string, hint: string): EngineError {
  return new EngineError(message, { engine: ENGINE, operation: START_SCRATCH, permanent: true, hint });
}

async function assertEmpty(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw refuseScratch(`directory "${directory}" cannot be used`, "Is it a directory that this user may enter?");
  });
  if (names.length === 0) return;
  throw refuseScratch(
    `directory "${directory}" is not empty`,
    "Name a directory that is empty or does not exist yet: nothing is ever overwritten.",
  );
}

/** A dump of one series is read back by the same series: others know other words and other defaults. */
async function assertSameSeries(settings: ServerSettings, signal: AbortSignal): Promise<void> {
  const [here, source] = [parseServerVersion(await installedVersion(signal)), parseServerVersion(settings.version)];
  if (here.major === source.major && here.minor === source.minor) return;
  throw refuseScratch(
    `the source is MariaDB ${source.major}.${source.minor}, and this machine has ${here.major}.${here.minor}`,
    `Install MariaDB ${source.major}.${source.minor} on this machine, or restore on one that has it.`,
  );
}

/** Makes an empty or absent directory this process's own. What a dead owner left there goes. @throws EngineError */
export async function claimDirectory(
  directory: string,
  { settings, signal }: { settings: ServerSettings; signal: AbortSignal },
): Promise<void> {
  assertSocketPath(join(directory, "s"));
  await clearDeadScratch(directory);
  await assertEmpty(directory);
  await assertSameSeries(settings, signal);
  await writeMark(directory, null).catch((error: unknown) => giveUpDirectory(directory, error));
}

/** A start that failed leaves no directory, so that it can be tried again. Its log's words are in the error. */
export async function giveUpDirectory(directory: string, error: unknown): Promise<never> {
  await rm(directory, { recursive: true, force: true });
  throw toDiskError(error, { directory, operation: START_SCRATCH });
}
