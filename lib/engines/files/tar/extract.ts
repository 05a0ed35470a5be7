import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { startProgram } from "@/lib/engines/shared/process";
import { ENGINE } from "./fail";

/** As packed: deletions are carried out, owners by number. tar itself leaves no link that leads out before its end. */
const EXTRACT_ARGUMENTS = [
  ...["--extract", "--file=-", "--blocking-factor=128", "--listed-incremental=/dev/null"],
  ...["--preserve-permissions", "--numeric-owner", "--acls", "--xattrs", "--xattrs-include=*"],
  "--quoting-style=c",
];

/** @throws EngineError when anything of the archive could not be put in its place */
export async function extractArchive(directory: string, archive: Readable, signal: AbortSignal): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  const { child, done } = startProgram({
    engine: ENGINE,
    operation: "unpack the files",
    program: "tar",
    args: [...EXTRACT_ARGUMENTS, isRoot ? "--same-owner" : "--no-same-owner"],
    stdio: ["pipe", "ignore", "pipe"],
    cwd: directory,
    env: { LC_ALL: "C" },
    diesWithUs: true,
    signal,
    hint: `Is there space left in ${directory}, and does its file system keep owners, links and attributes?`,
  });
  if (!child.stdin) throw new Error("a program was started without a pipe");
  const [fed, ended] = await Promise.allSettled([pipeline(archive, child.stdin), done]);
  // A source that broke off is the cause of what tar says about its end; a closed pipe only a consequence.
  const isPipe = fed.status === "rejected" && (fed.reason as NodeJS.ErrnoException).code === "EPIPE";
  if (fed.status === "rejected" && !isPipe && !signal.aborted) throw fed.reason;
  if (ended.status === "rejected") throw ended.reason;
  if (fed.status === "rejected") throw fed.reason;
}
