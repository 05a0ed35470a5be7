import { type Stats } from "node:fs";
import { lstat, mkdir, open, readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "@/lib/kernel/errors";
import { compareKeys } from "@/lib/engines/shared/object-key";
import type { ObjectInfo } from "../port";
import { UNFINISHED } from "./config";
import { codeOf } from "./map";

/** What a new volume brings along, and only root may read. */
const FOREIGN = "lost+found";

/** @throws EngineError when the root is not there: its volume may not be mounted */
export async function assertRoot(root: string): Promise<void> {
  const found = await lstatIfThere(root);
  if (found?.isDirectory() || found?.isSymbolicLink()) return;
  throw new EngineError(`the directory ${root} ${found ? "is a file" : "does not exist"}`, {
    engine: "directory",
    operation: "open",
    permanent: true,
    hint: "Is its volume mounted? Holdfast does not make this directory itself: `mkdir -m 700` it once.",
  });
}

/** The path of a key, or null when one of its directories is not there. A symbolic link on the way is refused: it could lead out. */
export async function findPath(root: string, key: string): Promise<string | null> {
  let path = root;
  for (const name of key.split("/").slice(0, -1)) {
    path = join(path, name);
    const found = await lstatIfThere(path);
    if (!found) return null;
    assertDirectory(found, path);
  }
  return join(root, key);
}

/** Makes the directories of a key, each of them lasting once this resolves. */
export async function makeParents(root: string, key: string): Promise<void> {
  let parent = root;
  for (const name of key.split("/").slice(0, -1)) {
    const path = join(parent, name);
    const found = await lstatIfThere(path);
    if (found) assertDirectory(found, path);
    else if (await makeDirectory(path)) await syncDirectory(parent);
    parent = path;
  }
}

/** Takes directories away that a deletion left empty. */
export async function removeEmptyParents(root: string, key: string): Promise<void> {
  const names = key.split("/").slice(0, -1);
  for (; names.length > 0; names.pop()) {
    try {
      await rmdir(join(root, ...names));
    } catch (error) {
      if (["ENOTEMPTY", "EEXIST", "ENOENT", "EBUSY"].includes(codeOf(error))) return; // in use, or gone already
      throw error;
    }
  }
}

/** Makes a change of the directory's entries last over a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Every file below the root whose key begins with the prefix, in the order of the keys' bytes. */
export async function* walk(root: string, prefix: string, below = ""): AsyncGenerator<ObjectInfo> {
  const entries = await readEntries(join(root, below));
  const keys = entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .filter((entry) => below !== "" || (entry.name !== UNFINISHED && entry.name !== FOREIGN))
    // With its slash a directory sorts as the keys in it do: "a-b" comes before "a/b".
    .map((entry) => `${below}${entry.name}${entry.isDirectory() ? "/" : ""}`)
    .sort(compareKeys);
  for (const key of keys) {
    if (key.endsWith("/")) {
      if (key.startsWith(prefix) || prefix.startsWith(key)) yield* walk(root, prefix, key);
    } else if (key.startsWith(prefix)) {
      const found = await lstatIfThere(join(root, key));
      if (found) yield { key, sizeBytes: found.size, modifiedAt: found.mtime };
    }
  }
}

/** Null for what is not there. */
export async function lstatIfThere(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

async function readEntries(path: string) {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === "ENOENT") return []; // deleted since its parent was read
    throw error;
  }
}

/** False when another writer was faster. */
async function makeDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function assertDirectory(found: Stats, path: string): void {
  if (found.isDirectory()) return;
  throw Object.assign(new Error(`${path} is not a directory`), { code: found.isSymbolicLink() ? "ELOOP" : "ENOTDIR" });
}
