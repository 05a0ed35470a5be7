import { mkdir } from "node:fs/promises";
import type { ProgramPipe } from "@/lib/engines/shared/piped-bytes";
import { startProgram } from "@/lib/engines/shared/process";
import type { EngineError } from "@/lib/kernel/errors";
import { ENGINE } from "../map-error";
import { tellsFullDisk, toDiskError } from "../server/disk-error";
import { physicalFailure } from "./physical-failure";

const OPERATION = "unpack the files";

/** Unpacks a stream of files into a directory that is made. @throws EngineError, CancelledError */
export async function unpackFiles(directory: string, files: ProgramPipe, signal: AbortSignal): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const input = files.start();
  const { done } = startProgram({
    engine: ENGINE,
    operation: OPERATION,
    program: "mbstream",
    args: ["--extract", `--directory=${directory}`],
    stdio: [input, "ignore", "pipe"],
    diesWithUs: true,
    signal,
    hint: "Is Debian's package mariadb-backup installed, and is there room on this disk?",
    explain: (stderr) =>
      tellsFullDisk(stderr)
        ? (toDiskError({ code: "ENOSPC" }, { directory, operation: OPERATION }) as EngineError)
        : physicalFailure(OPERATION, "the stream of files is not whole, or cannot be written", {
            hint: "Was the backup's object checked, and is there room on this disk?",
          }),
  });
  input.destroy();
  await done;
}
