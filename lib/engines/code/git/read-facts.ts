import { stat } from "node:fs/promises";
import { EngineError } from "@/lib/kernel/errors";
import type { CodeFacts, CodeRef, CodeSource } from "../port";
import { ENGINE, type GitCall, failed, runGit } from "./run-git";

const OPERATION = "look at the repository";

/** @throws EngineError for what is no repository, or one whose history is elsewhere */
export async function readFacts(source: CodeSource, signal: AbortSignal): Promise<CodeFacts> {
  const call: GitCall = { operation: OPERATION, path: source.path, signal };
  await assertDirectory(source.path);
  await assertWhole(call);
  const tool = await readTool(call);
  if (source.tag !== undefined) {
    const name = `refs/tags/${source.tag}`;
    const refs = (await readRefs(call)).filter((ref) => ref.name === name);
    if (refs.length > 0) return { refs, head: null, tool };
    throw failed(
      OPERATION,
      `there is no tag "${source.tag}" in "${source.path}"`,
      "`git tag` lists them: was it fetched?",
    );
  }
  return { refs: await readRefs(call), head: await readHead(call), tool };
}

async function assertDirectory(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (path.startsWith("/") && found?.isDirectory()) return;
  throw new EngineError(`"${path}" is no directory that can be reached`, {
    engine: ENGINE,
    operation: OPERATION,
    permanent: false,
    hint: "Is its volume mounted, and is the path absolute?",
  });
}

async function assertWhole(call: GitCall): Promise<void> {
  const shallow = await runGit(["rev-parse", "--is-shallow-repository"], call);
  if (shallow.stdout.trim() === "true") {
    throw failed(
      OPERATION,
      `"${call.path}" is a shallow clone: its history is not all there`,
      "Make it whole with `git fetch --unshallow`.",
    );
  }
  const pattern = String.raw`^(extensions\.partialclone|remote\..*\.(promisor|partialclonefilter))$`;
  const partial = await runGit(["config", "--local", "--get-regexp", pattern], { ...call, allowedExitCodes: [0, 1] });
  if (partial.exitCode === 1) return;
  throw failed(
    OPERATION,
    `"${call.path}" is a partial clone: some of its objects are not there`,
    "Clone it anew without --filter, and back that up.",
  );
}

/** Every ref with the object that it names, in the order of their names. */
export async function readRefs(call: GitCall): Promise<CodeRef[]> {
  const { stdout } = await runGit(["for-each-ref", "--format=%(objectname) %(refname)"], call);
  return parseRefs(stdout);
}

/** Lines of an object's id and a name. */
export function parseRefs(text: string): CodeRef[] {
  const refs = text
    .split("\n")
    .filter(Boolean)
    .map((line) => ({ objectId: line.slice(0, line.indexOf(" ")), name: line.slice(line.indexOf(" ") + 1) }));
  return refs.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export async function readHead(call: GitCall): Promise<CodeFacts["head"]> {
  const quiet = { ...call, allowedExitCodes: [0, 1] };
  const branch = await runGit(["symbolic-ref", "--quiet", "HEAD"], quiet);
  const commit = await runGit(["rev-parse", "--quiet", "--verify", "HEAD"], quiet);
  return {
    branch: branch.exitCode === 0 ? branch.stdout.trim() : null,
    objectId: commit.exitCode === 0 ? commit.stdout.trim() : null,
  };
}

async function readTool(call: GitCall): Promise<string> {
  const { stdout } = await runGit(["--version"], call);
  return stdout.trim().replace("git version", "git");
}
