import type { Readable, Writable } from "node:stream";
import { drained } from "@/lib/engines/shared/drained";
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
  const [fed, ended] = await Promise.allSettled([feed(archive, child.stdin, done), done]);
  // A source that broke off is the cause of what tar says about its end.
  if (fed.status === "rejected" && !signal.aborted) throw fed.reason;
  if (ended.status === "rejected") throw ended.reason;
}

/**
 * Hands the whole archive over. tar closes its end once it has read the archive's, a little before the last byte: what is
 * left is read all the same, for its digest. @throws the source's own error
 */
async function feed(archive: Readable, sink: Writable, done: Promise<unknown>): Promise<void> {
  let hasFailed = false;
  done.catch(() => {
    hasFailed = true;
    archive.destroy();
  });
  sink.on("error", () => undefined); // EPIPE; "close" follows, and tar's exit code says why
  try {
    for await (const chunk of archive) {
      if (!sink.destroyed && !sink.write(chunk)) await drained(sink);
    }
    sink.end();
  } catch (error) {
    sink.destroy();
    if (!hasFailed) throw error;
  }
}
