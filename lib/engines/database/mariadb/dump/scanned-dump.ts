import { fileURLToPath } from "node:url";
import { startProgram } from "@/lib/engines/shared/process";
import type { Connection } from "../../port";
import { describePlace } from "../connect";
import { writeDefaultsFile } from "../defaults-file";
import { ENGINE } from "../map-error";
import { type ReadBytes, type ReadOptions, discardBehind, openBehind } from "@/lib/engines/shared/reader/read-behind";
import { explainDumpError, malformedDump } from "./explain-dump";
import type { ScannedDump } from "./scan-dump";

const SCAN_PROGRAM = fileURLToPath(new URL("scan-program.ts", import.meta.url));

export interface ScannedDumpOptions<T> {
  connection: Connection;
  /** "dump the data". */
  operation: string;
  /** Asked once, before the dump starts. */
  args(): Promise<string[]>;
  onProgress?: ((bytes: number) => void) | undefined;
  /** After both programs ended well: checks the whole. */
  onEnd(scanned: ScannedDump): Promise<T>;
  signal: AbortSignal;
}

/** mariadb-dump with its reader behind it, started when somebody takes the bytes. */
export function openScannedDump<T>(options: ScannedDumpOptions<T>): ReadBytes<T> {
  return openBehind(readDump(options));
}

/** What a dump holds, from one that is read and thrown away. */
export async function readScannedDump<T>(options: ScannedDumpOptions<T>): Promise<T> {
  return discardBehind(readDump(options));
}

function readDump<T>(options: ScannedDumpOptions<T>): ReadOptions<ScannedDump, T> {
  const { connection, operation, onProgress, onEnd } = options;
  return {
    engine: ENGINE,
    operation,
    reader: SCAN_PROGRAM,
    malformed: (message) => malformedDump(message, operation),
    onProgress,
    onEnd,
    signal: options.signal,
    start: async (into, signal) => {
      const args = await options.args();
      const defaults = await writeDefaultsFile(connection);
      const { done } = startProgram({
        engine: ENGINE,
        operation,
        // Otherwise it writes 4 KB at a time, and every such piece is a hand-over between two processes.
        program: "stdbuf",
        args: ["--output=128K", "mariadb-dump", defaults.argument, ...args],
        stdio: ["ignore", into, "pipe"],
        // Waiting for a lock it would not notice that nobody reads it any more, and hold its snapshot.
        diesWithUs: true,
        signal,
        hint: "The server's error log may say more.",
        explain: (stderr) => explainDumpError(stderr, operation, describePlace(connection)),
      });
      return { done, dispose: () => defaults.remove() };
    },
  };
}
