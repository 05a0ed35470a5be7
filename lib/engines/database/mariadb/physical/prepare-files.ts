import { startProgram } from "@/lib/engines/shared/process";
import type { EngineError } from "@/lib/kernel/errors";
import { ENGINE } from "../map-error";
import { tellsFullDisk, toDiskError } from "../server/disk-error";
import { poolBytes } from "../server/scratch-settings";
import { physicalFailure } from "./physical-failure";
import { TOOL } from "./tool-version";

const OPERATION = "apply the redo log";
const LAST_LINE = /\bcompleted OK!\s*$/;

/** Brings a copy of files to one point: its redo log, or an increment's pages and redo log, are applied. */
export async function prepareFiles(
  directories: { data: string; increment: string | null; temporary: string },
  signal: AbortSignal,
): Promise<void> {
  const { data, increment, temporary } = directories;
  const failed = (): EngineError =>
    physicalFailure(OPERATION, "mariadb-backup could not apply the redo log to the files", {
      hint: "Is there room on this disk? If so the backup is not whole: use another one, or another repository's copy.",
    });
  const { done } = startProgram({
    engine: ENGINE,
    operation: OPERATION,
    program: TOOL,
    args: [
      "--no-defaults",
      "--prepare",
      `--target-dir=${data}`,
      `--tmpdir=${temporary}`,
      `--use-memory=${poolBytes()}`,
      ...(increment ? [`--incremental-dir=${increment}`] : []),
    ],
    stdio: ["ignore", "ignore", "pipe"],
    diesWithUs: true,
    signal,
    hint: "Is Debian's package mariadb-backup installed?",
    explain: (stderr) =>
      tellsFullDisk(stderr)
        ? (toDiskError({ code: "ENOSPC" }, { directory: data, operation: OPERATION }) as EngineError)
        : failed(),
  });
  const { stderr } = await done;
  if (!LAST_LINE.test(stderr)) throw failed();
}
