import { closeSync, constants, openSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runProgram } from "@/lib/engines/shared/process";
import { newToken } from "@/lib/kernel/ids";
import { type Session, textOf } from "../connect";
import { ENGINE } from "../map-error";
import { quoteText } from "../server/initialize-data-directory";
import { makeTemporaryDirectory } from "../temporary-directory";

/** A named pipe, from this process into the server. */
export interface RowPipe {
  path: string;
  /** Resolves with a descriptor when the server reads; null once `signal` aborts. */
  openForWriting(signal: AbortSignal): Promise<number | null>;
  remove(): Promise<void>;
}

const POLL_MS = 1;

/** Only when a reader is there: without one an end would be lost, and the reader wait for ever. */
async function openForWriting(path: string, signal: AbortSignal): Promise<number | null> {
  while (!signal.aborted) {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENXIO") throw error;
      await delay(POLL_MS);
    }
  }
  return null;
}

/** A server that was told to read and has no writer waits for one: it gets an end. */
function releaseReader(path: string): void {
  closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
}

/** Whether the server reads this directory: it may be another machine's, another user's, or lack the right FILE. */
async function isReadByServer(session: Session, directory: string): Promise<boolean> {
  const [path, token] = [join(directory, "probe"), newToken()];
  await writeFile(path, token);
  const [row] = await session.rows("see what files the target reads", `SELECT LOAD_FILE(${quoteText(path)}) AS text`);
  return textOf(row, "text") === token;
}

/** Makes the pipe; null where the server would not read from it. */
export async function makeRowPipe(session: Session, signal: AbortSignal): Promise<RowPipe | null> {
  const directory = await makeTemporaryDirectory();
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    if (!(await isReadByServer(session, directory))) {
      await remove();
      return null;
    }
    const path = join(directory, "rows");
    const hint = "Is coreutils installed, and may this user write to the directory for temporary files?";
    await runProgram({
      engine: ENGINE,
      operation: "make a pipe",
      program: "mkfifo",
      args: ["--mode=600", path],
      signal,
      hint,
    });
    return {
      path,
      openForWriting: (until) => openForWriting(path, until),
      async remove() {
        releaseReader(path);
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
