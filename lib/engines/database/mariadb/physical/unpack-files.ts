import { mkdir } from "node:fs/promises";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { startProgram } from "@/lib/engines/shared/process";
import { CancelledError } from "@/lib/kernel/errors";
import { ENGINE } from "../map-error";
import { tellsFullDisk, toDiskError } from "../server/disk-error";
import { physicalFailure } from "./physical-failure";

const OPERATION = "unpack the files";

/** Unpacks a stream of files into a directory that is made. @throws EngineError, CancelledError, the source's own error */
export async function unpackFiles(
  directory: string,
  files: Readable,
  { signal, onProgress }: { signal: AbortSignal; onProgress?: ((bytes: number) => void) | undefined },
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const own = new AbortController();
  const { child, done } = startProgram({
    engine: ENGINE,
    operation: OPERATION,
    program: "mbstream",
    args: ["--extract", `--directory=${directory}`],
    stdio: ["pipe", "ignore", "pipe"],
    diesWithUs: true,
    signal: AbortSignal.any([signal, own.signal]),
    hint: "Is Debian's package mariadb-backup installed, and is there room on this disk?",
    explain: (stderr) =>
      tellsFullDisk(stderr)
        ? (toDiskError({ code: "ENOSPC" }, { directory, operation: OPERATION }) as ReturnType<typeof physicalFailure>)
        : physicalFailure(OPERATION, "the stream of files is not whole, or cannot be written", {
            hint: "Was the backup's object checked, and is there room on this disk?",
          }),
  });
  try {
    if (!child.stdin) throw new Error("a program was started without a pipe");
    let bytes = 0;
    files.on("data", (chunk: Buffer) => onProgress?.((bytes += chunk.length)));
    await pipeline(files, child.stdin);
    await done;
  } catch (error) {
    if (signal.aborted) throw new CancelledError(`stopped while it had to ${OPERATION}`);
    // The program that went away breaks the pipe: its own end is the cause.
    const isPipe = ["EPIPE", "ERR_STREAM_PREMATURE_CLOSE"].includes(String((Object(error) as { code?: unknown }).code));
    if (isPipe && child.exitCode !== null) await done;
    throw error;
  } finally {
    own.abort();
    await done.catch(() => undefined);
  }
}
