import { mkdir, readdir } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { CodeFacts } from "../port";
import { withBundleFile } from "./bundle";
import { readHead, readRefs } from "./read-facts";
import { type GitCall, failed, runGit } from "./run-git";

const OPERATION = "bring the repository back";
/** Holds a HEAD that no branch names until it is HEAD again. */
const DETACHED = "refs/holdfast/head";

export async function restoreCode(
  target: string,
  bundle: Readable,
  options: { facts: CodeFacts; directory: string; signal: AbortSignal },
): Promise<void> {
  const { facts, signal } = options;
  await assertEmpty(target);
  await withBundleFile(bundle, options, async (file) => {
    const call: GitCall = { operation: OPERATION, path: target, signal };
    await runGit(["init", "--quiet", "--template=", "."], call);
    // From here on the branch that is checked out must not stand in a ref's way.
    await runGit(["symbolic-ref", "HEAD", "refs/holdfast/none"], call);
    const isDetached = facts.head !== null && facts.head.branch === null && facts.head.objectId !== null;
    const wanted = ["+refs/*:refs/*", ...(isDetached ? [`+HEAD:${DETACHED}`] : [])];
    await runGit(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", file, ...wanted], call);
    await setHead(call, facts.head);
    await assertEqual(call, facts);
  });
}

async function setHead(call: GitCall, head: CodeFacts["head"]): Promise<void> {
  if (!head) return;
  if (head.branch !== null) await runGit(["symbolic-ref", "HEAD", head.branch], call);
  else if (head.objectId !== null) {
    await runGit(["update-ref", "--no-deref", "HEAD", head.objectId], call);
    await runGit(["update-ref", "-d", DETACHED], call);
  }
  if (head.objectId !== null) await runGit(["reset", "--quiet", "--hard"], call);
}

/** Unfinished restores look like finished ones: every ref counts. */
async function assertEqual(call: GitCall, facts: CodeFacts): Promise<void> {
  const found = new Map((await readRefs(call)).map((ref) => [ref.name, ref.objectId]));
  const lost = facts.refs.filter((ref) => found.get(ref.name) !== ref.objectId);
  const head = facts.head && (await readHead(call));
  const isHeadEqual = JSON.stringify(head) === JSON.stringify(facts.head);
  if (lost.length === 0 && found.size === facts.refs.length && isHeadEqual) return;
  const what = lost[0]?.name ?? (isHeadEqual ? "the number of refs" : "HEAD");
  throw failed(
    call.operation,
    `the repository that came back is another one: ${what} differs`,
    "Restore from the other repository.",
  );
}

async function assertEmpty(target: string): Promise<void> {
  if (!target.startsWith("/")) throw failed(OPERATION, `"${target}" is no absolute path`, "Begin it with `/`.");
  await mkdir(target, { mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EEXIST")
      throw failed(
        OPERATION,
        `"${target}" cannot be made (${cause.code ?? "unknown"})`,
        "Is its parent directory there?",
      );
  });
  const held = await readdir(target).catch(() => ["what cannot be read"]);
  if (held.length > 0)
    throw failed(OPERATION, `"${target}" holds something already`, "Give an empty or absent directory.");
}
