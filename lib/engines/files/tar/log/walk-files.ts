import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import type { FilesSource } from "../../port";
import { failed } from "../fail";
import { excludedPatterns, startingPoints } from "../select";

/** A regular file: its path below the root (bytes as latin1) and who it is. */
export interface FoundFile {
  path: string;
  inode: string;
}

/** Every regular file of a source, in no order. What vanishes meanwhile is left out; links are not followed. */
export async function* walkFiles(source: FilesSource, signal: AbortSignal): AsyncGenerator<FoundFile> {
  const isExcluded = matcher(excludedPatterns(source));
  for (const name of startingPoints(source)) yield* walk(source.root, name, { isExcluded, signal });
}

interface Walk {
  isExcluded: (name: string) => boolean;
  signal: AbortSignal;
}

async function* walk(root: string, name: string, options: Walk): AsyncGenerator<FoundFile> {
  options.signal.throwIfAborted();
  if (options.isExcluded(name)) return;
  const found = await orNull(lstat(fullPath(root, name), { bigint: true }), name);
  if (found?.isFile()) yield { path: name, inode: String(found.ino) };
  if (!found?.isDirectory()) return;
  const entries: Dirent<Buffer>[] =
    (await orNull(readdir(fullPath(root, name), { encoding: "buffer", withFileTypes: true }), name)) ?? [];
  for (const entry of entries) yield* walk(root, `${name}/${entry.name.toString("latin1")}`, options);
}

export function fullPath(root: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, "latin1")]);
}

async function orNull<T>(work: Promise<T>, name: string): Promise<T | null> {
  try {
    return await work;
  } catch (cause) {
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw failed("look for logs", `cannot read "${name}" (${code})`, {
      permanent: false,
      hint: "May the user that runs Holdfast read it? Exclude what is no log.",
      cause,
    });
  }
}

/** As tar and find match them: `*` and `?` match `/` too, and what lies below a match is excluded with it. */
function matcher(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map((pattern) => {
    const text = Buffer.from(pattern)
      .toString("latin1")
      .replace(/[.+^${}()|\\[\]]/g, String.raw`\$&`);
    return new RegExp(`^${text.replaceAll("*", ".*").replaceAll("?", ".")}(?:/|$)`, "s");
  });
  return (name) => expressions.some((expression) => expression.test(name));
}
