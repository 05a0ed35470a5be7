import { lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { failed } from "./fail";

const OPERATION = "prepare the directory";

const UNFINISHED = ".holdfast-unfinished";

/** @throws EngineError for a directory that holds something, is a link, belongs to another user, or has no parent */
export async function prepareTarget(directory: string, key: string): Promise<string> {
  await assertFree(directory);
  const place = `${directory.replace(/\/+$/, "")}.${key}${UNFINISHED}`;
  await dropTarget(place);
  await makeDirectory(place);
  return place;
}

/** An empty directory that is there already makes room. */
export async function settleTarget(place: string, directory: string): Promise<void> {
  await assertFree(directory);
  await rename(place, directory);
}

export async function dropTarget(place: string): Promise<void> {
  if (!place.endsWith(UNFINISHED)) throw refused(place, "is no place that was made for a restore");
  await rm(place, { recursive: true, force: true });
}

async function assertFree(directory: string): Promise<void> {
  if (!directory.startsWith("/") || resolve(directory) !== directory.replace(/(?!^)\/+$/, "")) {
    throw refused(directory, "is no plain absolute path");
  }
  if (dirname(directory) === directory) throw refused(directory, "is the root of this machine");
  const found = await lstatIfThere(directory);
  if (!found) return;
  if (!found.isDirectory()) throw refused(directory, found.isSymbolicLink() ? "is a symbolic link" : "is a file");
  if (found.uid !== process.getuid?.()) throw refused(directory, "belongs to another user");
  if ((await readdir(directory)).length > 0) throw refused(directory, "holds something already");
}

async function makeDirectory(directory: string): Promise<void> {
  await mkdir(directory, { mode: 0o700 }).catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException;
    throw refused(directory, code === "ENOENT" ? "has no parent directory" : `cannot be made (${code ?? "unknown"})`);
  });
}

async function lstatIfThere(path: string) {
  try {
    return await lstat(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw refused(path, `cannot be reached (${(cause as NodeJS.ErrnoException).code ?? "unknown"})`);
  }
}

function refused(directory: string, why: string) {
  return failed(OPERATION, `"${directory}" ${why}`, {
    permanent: true,
    hint: "Give an empty or absent directory of its own, with an absolute path, in a directory that is there.",
  });
}
