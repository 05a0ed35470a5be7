import { lstat, mkdir, readdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { failed } from "./fail";

const OPERATION = "prepare the directory";

/** @throws EngineError for a directory that holds something, is a link, belongs to another user, or has no parent */
export async function prepareTarget(directory: string): Promise<void> {
  if (!directory.startsWith("/") || resolve(directory) !== directory.replace(/(?!^)\/+$/, "")) {
    throw refused(directory, "is no plain absolute path");
  }
  if (dirname(directory) === directory) throw refused(directory, "is the root of this machine");
  const found = await lstatIfThere(directory);
  if (!found) return makeDirectory(directory);
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
