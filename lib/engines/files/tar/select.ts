import { lstat, stat } from "node:fs/promises";
import { join } from "node:path";
import type { FilesSource } from "../port";
import { failed } from "./fail";

const OPERATION = "look at the files";

/** What is listed and packed, as names below the root that begin with `./`. One that lies in another is left out. */
export function startingPoints({ include }: Pick<FilesSource, "include">): string[] {
  const names = include.map(toName);
  const all = names.length === 0 ? ["."] : [...new Set(names)];
  return all.filter((name) => !all.some((other) => other !== name && `${name}/`.startsWith(`${other}/`)));
}

/** An exclude as a pattern over the same names. */
export function excludedPatterns({ exclude }: Pick<FilesSource, "exclude">): string[] {
  return exclude.map(toName);
}

function toName(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/") || parts.includes("..") || path.includes("\0")) {
    throw failed(OPERATION, `"${path}" is no path below the root`, {
      permanent: true,
      hint: "Write include and exclude relative to `path`, without `..`.",
    });
  }
  return [".", ...parts].join("/");
}

/** @throws EngineError for a root or an include that is not there, or that a link leads away from */
export async function assertSource(source: FilesSource): Promise<void> {
  if (!source.root.startsWith("/")) {
    throw failed(OPERATION, `"${source.root}" is no absolute path`, { permanent: true, hint: "Begin it with `/`." });
  }
  const root = await stat(source.root).catch((cause: unknown) => notThere(source.root, cause));
  if (!root.isDirectory()) {
    throw failed(OPERATION, `"${source.root}" is no directory`, { permanent: true, hint: "Declare the directory." });
  }
  for (const name of startingPoints(source)) await assertNoLink(source.root, name);
}

async function assertNoLink(root: string, name: string): Promise<void> {
  let path = root;
  for (const part of name.split("/").slice(1)) {
    path = join(path, part);
    const found = await lstat(path).catch((cause: unknown) => notThere(path, cause));
    if (!found.isSymbolicLink()) continue;
    throw failed(OPERATION, `"${path}" is a symbolic link: only the link would be kept, not what it leads to`, {
      permanent: true,
      hint: "Include the place that it leads to, as a system of its own where it lies outside `path`.",
    });
  }
}

function notThere(path: string, cause: unknown): never {
  const { code } = cause as NodeJS.ErrnoException;
  const why = code === "ENOENT" ? "is not there" : `cannot be reached (${code ?? "unknown"})`;
  throw failed(OPERATION, `"${path}" ${why}`, {
    permanent: false,
    hint: "Is its volume mounted, and may the user that runs Holdfast read it?",
    cause,
  });
}
