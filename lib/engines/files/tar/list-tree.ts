import { startProgram } from "@/lib/engines/shared/process";
import { ENGINE, failed } from "./fail";

const OPERATION = "list the files";
/** sort's memory; what is more goes to its own files. */
const SORT_MEMORY = "64M";
/** Of a directory the size says nothing: each file system counts it in its own way. */
const DIRECTORY_RECORD = String.raw`%p//= %C@ %i %y %m %U %G 0 %T@ \0`;
const RECORD = String.raw`%p//= %C@ %i %y %m %U %G %s %T@ %l\0`;

/**
 * Writes every entry with its facts into a file, sorted by the bytes of its path: see listing.ts. Nothing is read of
 * the files themselves. What vanishes meanwhile is left out.
 * @throws EngineError when a directory cannot be read: its name is in the message
 */
export async function listTree(
  tree: { root: string; names: readonly string[]; excluded: readonly string[] },
  options: { file: string; workDirectory: string; signal: AbortSignal },
): Promise<void> {
  const { signal } = options;
  const excluded = tree.excluded.flatMap((pattern, index) => [...(index > 0 ? ["-o"] : []), "-path", pattern]);
  const find = startProgram({
    engine: ENGINE,
    operation: OPERATION,
    program: "find",
    args: [
      ...["-P", ...tree.names, "-ignore_readdir_race"],
      ...(excluded.length > 0 ? ["(", ...excluded, ")", "-prune", "-o"] : []),
      ...["-type", "d", "-printf", DIRECTORY_RECORD, "-o", "-printf", RECORD],
    ],
    cwd: tree.root,
    env: { LC_ALL: "C" },
    diesWithUs: true,
    signal,
    hint: "May the user that runs Holdfast read it? Exclude what is not to be kept.",
    explain: (stderr) => unreadable(stderr),
  });
  const sort = startProgram({
    engine: ENGINE,
    operation: OPERATION,
    program: "sort",
    args: ["-z", "-S", SORT_MEMORY, "-T", options.workDirectory, "-o", options.file],
    stdio: [find.child.stdout, "ignore", "pipe"],
    env: { LC_ALL: "C" },
    diesWithUs: true,
    signal,
    hint: `Is there space left in ${options.workDirectory}?`,
  });
  find.child.stdout?.destroy();
  const [found, sorted] = await Promise.allSettled([find.done, sort.done]);
  if (sorted.status === "rejected") throw sorted.reason;
  if (found.status === "rejected") throw found.reason;
}

function unreadable(stderr: string) {
  const names = [...stderr.matchAll(/^find: (.*): Permission denied$/gm)].map(([, name]) => name);
  if (names.length === 0) return undefined;
  return failed(OPERATION, `cannot read ${names.slice(0, 5).join(", ")}: permission denied`, {
    permanent: true,
    hint: "May the user that runs Holdfast read it? Exclude what is not to be kept.",
  });
}
