import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeSample } from "@/lib/engines/database/mariadb/sample/make-sample";
import { makeIdentity } from "@/lib/engines/envelope/age/identities";
import { openDirectoryStore } from "@/lib/engines/object-store/directory/engine";
import type { Practice } from "@/lib/engines/ports";

/** A throw-away estate for the verifier's own test: a small real database's backup, keys of its own, an empty store. */
export async function makePractice(options: { directory: string; signal: AbortSignal }): Promise<Practice> {
  const { directory, signal } = options;
  // The leftovers' sweep knows it by its ending.
  const own = `${directory}.log`;
  const remove = () => rm(own, { recursive: true, force: true });
  await remove();
  const [path, identityFile] = [join(own, "repository"), join(own, "identity.txt")];
  await mkdir(path, { recursive: true, mode: 0o700 });
  try {
    const sample = await makeSample({ directory: `${directory}s`, signal });
    const trees = await makeTrees(own);
    const recipient = await makeIdentity(identityFile, signal);
    const foreignFile = join(own, "foreign.txt");
    const foreignRecipient = await makeIdentity(foreignFile, signal);
    await rm(foreignFile);
    const store = openDirectoryStore({ path });
    return { sample, trees, store, identityFile, recipient, foreignRecipient, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Of texts that do not shrink to nothing when they are packed. */
async function makeTrees(directory: string): Promise<Practice["trees"]> {
  const make = async (name: string, files: readonly string[]) => {
    const root = join(directory, name);
    await mkdir(root, { mode: 0o700 });
    for (const file of files) await writeFile(join(root, file), randomBytes(4_096));
    return { root, include: [], exclude: [] };
  };
  return { whole: await make("whole", ["a", "b", "c"]), short: await make("short", ["a", "b"]) };
}
