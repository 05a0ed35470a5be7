import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { CodeBundle, CodeRef, CodeSource } from "../port";
import { parseRefs, readFacts } from "./read-facts";
import { failed, runGit } from "./run-git";

const OPERATION = "pack the repository";

/** On disk first: `git bundle verify` reads it as a whole, and its own header alone says which refs it caught. */
export async function bundleCode(source: CodeSource, directory: string, signal: AbortSignal): Promise<CodeBundle> {
  const before = await readFacts(source, signal);
  if (before.refs.length === 0 && !before.head?.objectId) {
    throw failed(
      OPERATION,
      `the repository "${source.path}" is empty: there is nothing to keep yet`,
      "Push or commit something first.",
    );
  }
  const work = await makeWork(directory);
  try {
    const file = join(work, "code.bundle");
    const wanted = source.tag === undefined ? ["--all"] : [`refs/tags/${source.tag}`];
    const call = { operation: OPERATION, path: source.path, signal };
    await runGit(["bundle", "create", "--quiet", file, ...wanted], call);
    const held = await listVerified(file, { path: source.path, signal });
    const refs = held.filter((ref) => ref.name !== "HEAD");
    const objectId = held.find((ref) => ref.name === "HEAD")?.objectId ?? null;
    return {
      facts: { ...before, refs, head: before.head && { branch: before.head.branch, objectId } },
      sizeBytes: (await stat(file)).size,
      open: () => createReadStream(file),
      close: () => rm(work, { recursive: true, force: true }),
    };
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw error;
  }
}

/** The refs of a bundle that comes from elsewhere. Every byte of it is read and every object's id computed anew. */
export async function verifyBundle(bundle: Readable, directory: string, signal: AbortSignal): Promise<CodeRef[]> {
  return withBundleFile(bundle, { directory, signal }, async (file, work) => {
    const empty = join(work, "empty");
    await mkdir(empty);
    const call = { operation: "verify the bundle", path: empty, signal };
    await runGit(["init", "--quiet", "--bare", "--template=", "."], call);
    const refs = await listVerified(file, { path: empty, signal });
    await runGit(["bundle", "unbundle", file], call);
    return refs;
  });
}

/** Lets `act` have a stream as a file, and removes it. */
export async function withBundleFile<T>(
  bundle: Readable,
  { directory, signal }: { directory: string; signal: AbortSignal },
  act: (file: string, work: string) => Promise<T>,
): Promise<T> {
  const work = await makeWork(directory);
  try {
    const file = join(work, "code.bundle");
    await pipeline(bundle, createWriteStream(file, { mode: 0o600 }), { signal });
    return await act(file, work);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function listVerified(file: string, { path, signal }: { path: string; signal: AbortSignal }): Promise<CodeRef[]> {
  const call = { operation: "verify the bundle", path, signal };
  const verified = await runGit(["bundle", "verify", "--quiet", file], call);
  if (verified.exitCode !== 0) throw failed("verify the bundle", "the bundle is not whole", "Take it again.");
  return parseRefs((await runGit(["bundle", "list-heads", file], call)).stdout);
}

async function makeWork(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  return mkdtemp(join(parent, "code-"));
}
