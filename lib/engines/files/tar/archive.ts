import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { startProgram } from "@/lib/engines/shared/process";
import { openBehind } from "@/lib/engines/shared/reader/read-behind";
import type { FilesArchive, FilesBase, FilesFacts, FilesSource } from "../port";
import { writeBaseSnapshot } from "./base-snapshot";
import { ENGINE, failed } from "./fail";
import { listTree } from "./list-tree";
import { type Remarks, readRemarks } from "./read-remarks";
import { assertSource, excludedPatterns, startingPoints } from "./select";
import { settleListing } from "./settle-listing";
import { requireTools } from "./tools";

const OPERATION = "pack the files";
const READER = fileURLToPath(new URL("measure-program.ts", import.meta.url));
const MEMORY_HINT = "Look at the machine's memory and at the kernel's log.";
/** Its exit code when something failed; 1 is for files that changed. */
const EXIT_FAILED = 2;

/** Times of access and change would make each packing another one; the rest says itself what it keeps. */
const CREATE_ARGUMENTS = [
  ...["--create", "--file=-", "--blocking-factor=128", "--format=posix", "--pax-option=delete=atime,delete=ctime"],
  ...["--sparse", "--acls", "--xattrs", "--xattrs-include=user.*", "--xattrs-include=security.capability"],
  ...["--numeric-owner", "--no-check-device", "--quoting-style=c"],
  // Only then it says when it takes a directory for a renamed one. The names go nowhere.
  ...["--verbose", "--index-file=/dev/null"],
];

interface Work {
  directory: string;
  before: string;
  after: string;
  listing: string;
  snapshot: string;
}

interface Options {
  /** Where the listings and the snapshot lie until they are stored. */
  directory: string;
  base?: FilesBase | undefined;
  signal: AbortSignal;
  onProgress?: (bytes: number) => void;
}

export function archiveFiles(source: FilesSource, options: Options): FilesArchive {
  const packing = new Packing(source, options);
  const { output, piped, done } = openBehind<null, FilesFacts>({
    engine: ENGINE,
    operation: OPERATION,
    reader: READER,
    malformed: (message) =>
      failed(OPERATION, `tar ended too early: ${message}`, { permanent: false, hint: MEMORY_HINT }),
    start: (into, signal) => packing.begin(into, signal),
    onEnd: () => packing.end(),
    onProgress: options.onProgress,
    signal: options.signal,
  });
  return {
    output,
    piped,
    done,
    snapshot: () => createReadStream(packing.work.snapshot),
    listing: () => createReadStream(packing.work.listing),
    close: () => packing.close(),
  };
}

/** One archive under way: what is done before tar starts, and after it has ended. */
class Packing {
  readonly #source: FilesSource;
  readonly #options: Options;
  #work: Work | undefined;
  #remarks: Promise<Remarks> | undefined;
  #tool = "";
  #exitCode: number | null = null;

  constructor(source: FilesSource, options: Options) {
    this.#source = source;
    this.#options = options;
  }

  get work(): Work {
    if (!this.#work) throw new Error("the files were not packed yet");
    return this.#work;
  }

  async begin(into: Writable | null, signal: AbortSignal): Promise<{ done: Promise<void>; dispose(): Promise<void> }> {
    const { base, directory } = this.#options;
    const [names, excluded] = [startingPoints(this.#source), excludedPatterns(this.#source)];
    await assertSource(this.#source);
    this.#tool = await requireTools(signal);
    const work = (this.#work = await makeWork(directory));
    await this.#list(work.before, signal);
    if (base) await writeBaseSnapshot(base, { current: work.before, into: work.snapshot, signal });
    const program = startProgram({
      engine: ENGINE,
      operation: OPERATION,
      program: "tar",
      args: [
        ...CREATE_ARGUMENTS,
        `--listed-incremental=${work.snapshot}`,
        // Only around the excludes: as said of the names, it would keep directories out of the archive.
        "--anchored",
        ...excluded.map((pattern) => `--exclude=${pattern}`),
        "--no-anchored",
        "--",
        ...names,
      ],
      stdio: ["ignore", into, "pipe"],
      cwd: this.#source.root,
      env: { LC_ALL: "C" },
      diesWithUs: true,
      signal,
      allowedExitCodes: [0, 1, EXIT_FAILED],
      hint: MEMORY_HINT,
    });
    const { stderr } = program.child;
    if (!stderr) throw new Error("a program was started without a pipe");
    this.#remarks = readRemarks(stderr, names);
    this.#remarks.catch(() => undefined);
    const done = program.done.then(({ exitCode }) => void (this.#exitCode = exitCode));
    done.catch(() => undefined); // Awaited together with the reader's end.
    return { done, dispose: () => Promise.resolve() };
  }

  async end(): Promise<FilesFacts> {
    const { signal } = this.#options;
    const { before, after, listing } = this.work;
    const remarks = await this.#remarks;
    if (!remarks || this.#exitCode === null) throw new Error("the program has not ended");
    assertWhole(remarks, this.#exitCode);
    await this.#list(after, signal);
    const facts = await settleListing({ before, after, into: listing }, { unsettled: remarks.changing, signal });
    return { ...facts, remarks: remarks.others, tool: this.#tool };
  }

  async close(): Promise<void> {
    this.#options.base?.snapshot.destroy();
    this.#options.base?.listing.destroy();
    if (this.#work) await rm(this.#work.directory, { recursive: true, force: true });
  }

  #list(file: string, signal: AbortSignal): Promise<void> {
    return listTree(
      { root: this.#source.root, names: startingPoints(this.#source), excluded: excludedPatterns(this.#source) },
      { file, workDirectory: this.work.directory, signal },
    );
  }
}

async function makeWork(parent: string): Promise<Work> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const directory = await mkdtemp(join(parent, "files-"));
  const path = (name: string) => join(directory, name);
  return {
    directory,
    before: path("before"),
    after: path("after"),
    listing: path("listing"),
    snapshot: path("snapshot"),
  };
}

/** Files that change are said; one that cannot be read is a failure. @throws EngineError */
function assertWhole(remarks: Remarks, exitCode: number): void {
  if (exitCode === EXIT_FAILED && remarks.others.count > 0) {
    const shown = remarks.others.named.slice(0, 5).join("; ");
    const more = remarks.others.count > 5 ? `, and ${remarks.others.count - 5} more` : "";
    throw failed(OPERATION, `not everything could be packed: ${shown}${more}`, {
      permanent: /Permission denied/.test(shown),
      hint: "May the user that runs Holdfast read it? Exclude what is not to be kept.",
    });
  }
  const [renamed] = remarks.renamed;
  if (renamed === undefined) return;
  throw failed(OPERATION, `the directory "${renamed}" was renamed while the files were packed`, {
    permanent: false,
    hint: "Start the backup again: an archive that holds a rename does not surely come back.",
  });
}
