import { readFile, readdir, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { EngineError } from "@/lib/kernel/errors";
import { monotonicMs, systemNow } from "@/lib/kernel/time";
import { ENGINE } from "../map-error";
import { type ProcessIdentity, type ScratchMark, identifyProcess, isRunning, readMark } from "./scratch-mark";

const END_TIMEOUT_MS = 10_000;
const POLL_MS = 20;
const NEW_MS = 10_000;

async function endProcess(server: ProcessIdentity): Promise<void> {
  process.kill(server.pid, "SIGKILL");
  const started = monotonicMs();
  while (await isRunning(server)) {
    if (monotonicMs() - started > END_TIMEOUT_MS) {
      throw new EngineError(`server ${server.pid} of an earlier run does not end`, {
        engine: ENGINE,
        operation: "remove a scratch server's left-overs",
        permanent: false,
        hint: "Does its disk hang? Look at the process's state.",
      });
    }
    await delay(POLL_MS);
  }
}

/** The mariadbd that runs on this data directory, whoever started it. */
async function findServer(directory: string): Promise<ProcessIdentity | null> {
  const dataDirectory = join(directory, "data");
  const pid = Number.parseInt(await readFile(join(dataDirectory, "mariadbd.pid"), "utf8").catch(() => ""), 10);
  if (!Number.isInteger(pid)) return null;
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return command.split("\0").includes(`--datadir=${dataDirectory}`) ? identifyProcess(pid) : null;
}

async function removeMarked(directory: string, mark: ScratchMark): Promise<boolean> {
  const server = await findServer(directory);
  if (server) {
    // The kernel ends a server with its owner. One that was started since belongs to whoever started it.
    if (server.pid !== mark.server?.pid || server.startTicks !== mark.server.startTicks) return false;
    await endProcess(server);
  }
  // A program that made the system tables may outlive its runner by a moment, and write meanwhile.
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  return true;
}

/** Null: there is something in it, and no mark of ours. */
async function removeEmpty(directory: string): Promise<true | null> {
  const names = await readdir(directory).catch(() => null);
  if (names !== null && names.length > 0) return null;
  if (names) await rmdir(directory);
  return true;
}

/** Its owner may be about to write the mark. */
async function isNew(directory: string): Promise<boolean> {
  const found = await stat(directory).catch(() => null);
  return found !== null && systemNow().getTime() - found.mtimeMs < NEW_MS;
}

/**
 * Removes one scratch directory whose owner died, and ends its server if that still runs. Leaves it alone, and answers false, while its owner
 * lives, when somebody else runs a server on its data, or when it is no scratch directory. True: it is gone.
 */
export async function sweepScratch(directory: string): Promise<boolean> {
  const mark = await readMark(directory);
  if (!mark) return (await isNew(directory)) ? false : ((await removeEmpty(directory)) ?? false);
  return (await isRunning(mark.owner)) ? false : removeMarked(directory, mark);
}

/** Removes what a dead owner left in a directory that is to be used again; anything else stays as it is. */
export async function clearDeadScratch(directory: string): Promise<void> {
  const mark = await readMark(directory);
  if (mark && !(await isRunning(mark.owner))) await removeMarked(directory, mark);
}

/**
 * Removes a scratch directory of this process or of a dead one. False: another process has it, or runs a server there.
 * @throws EngineError where it is not one of ours
 */
export async function removeScratch(directory: string): Promise<boolean> {
  const mark = await readMark(directory);
  if (mark) {
    const isOwn = mark.owner.pid === process.pid;
    return !isOwn && (await isRunning(mark.owner)) ? false : removeMarked(directory, mark);
  }
  if (await removeEmpty(directory)) return true;
  throw new EngineError(`directory "${directory}" is no throw-away directory of Holdfast`, {
    engine: ENGINE,
    operation: "remove a scratch server's left-overs",
    permanent: true,
    hint: "Is a server that was made the primary kept there? Remove it by hand if it is not needed.",
  });
}
