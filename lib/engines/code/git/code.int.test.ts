import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CodeFacts } from "../port";
import { openGitCode } from "./engine";

const never = new AbortController().signal;

let work: string;
let path: string;

beforeEach(async () => {
  work = await mkdtemp("/var/tmp/hf-code-");
  path = join(work, "app");
  await mkdir(path);
});

afterEach(async () => {
  await rm(work, { recursive: true, force: true });
});

/** As a person would: with a configuration of one's own. */
function git(...args: string[]): string {
  const own = [
    "-c",
    "user.name=T",
    "-c",
    "user.email=t@example.com",
    "-c",
    "init.defaultBranch=main",
    "-c",
    "safe.directory=*",
  ];
  return execFileSync("git", [...own, ...args], { cwd: path, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

async function commit(name: string): Promise<void> {
  await writeFile(join(path, name), randomBytes(2_000).toString("hex"));
  git("add", ".");
  git("commit", "-qm", name);
}

async function makeRepository(): Promise<void> {
  git("init", "-q");
  await commit("one");
  git("tag", "v1");
  git("branch", "feature/x");
  await commit("two");
  git("tag", "-am", "two", "v2");
  git("update-ref", "refs/notes/own", "HEAD");
}

function engine() {
  return openGitCode({ directory: join(work, "spool") });
}

async function pack(tag?: string): Promise<{ bytes: Buffer; facts: CodeFacts }> {
  const bundle = await engine().bundle({ path, tag }, never);
  try {
    return { bytes: await buffer(bundle.open()), facts: bundle.facts };
  } finally {
    await bundle.close();
    expect(await readdir(join(work, "spool"))).toEqual([]);
  }
}

async function restore({ bytes, facts }: { bytes: Buffer; facts: CodeFacts }): Promise<string> {
  const directory = join(work, "restored");
  await engine().restore(directory, Readable.from([bytes]), { facts, signal: never });
  return directory;
}

function refsOf(directory: string): string {
  return execFileSync("git", ["for-each-ref"], { cwd: directory, encoding: "utf8" });
}

describe("a bundle of all refs", () => {
  it("brings back every ref, HEAD and the branch's files", async () => {
    await makeRepository();
    const packed = await pack();
    const directory = await restore(packed);
    expect(refsOf(directory)).toBe(refsOf(path));
    expect(packed.facts.refs.map(({ name }) => name)).toEqual([
      "refs/heads/feature/x",
      "refs/heads/main",
      "refs/notes/own",
      "refs/tags/v1",
      "refs/tags/v2",
    ]);
    expect(packed.facts.head?.branch).toBe("refs/heads/main");
    expect(await readFile(join(directory, "two"))).toEqual(await readFile(join(path, "two")));
    expect(execFileSync("git", ["status", "--porcelain"], { cwd: directory }).toString()).toBe("");
    execFileSync("git", ["fsck", "--full", "--strict"], { cwd: directory, stdio: "ignore" });
  });

  it("brings back a HEAD that no branch names, and one whose branch has no commit yet", async () => {
    await makeRepository();
    git("checkout", "-q", "--detach");
    await commit("three");
    const detached = await pack();
    expect(detached.facts.head).toEqual({ branch: null, objectId: git("rev-parse", "HEAD").trim() });
    const directory = await restore(detached);
    expect(refsOf(directory)).toBe(refsOf(path));
    expect(await readdir(directory)).toContain("three");
    await rm(directory, { recursive: true });
    git("symbolic-ref", "HEAD", "refs/heads/unborn");
    const unborn = await pack();
    expect(unborn.facts.head).toEqual({ branch: "refs/heads/unborn", objectId: null });
    expect(refsOf(await restore(unborn))).toBe(refsOf(path));
  });

  it("takes a bare repository that belongs to another user, and writes to nobody's configuration", async () => {
    await makeRepository();
    const bare = join(work, "bare.git");
    execFileSync("git", ["clone", "-q", "--mirror", path, bare], { stdio: "ignore" });
    path = bare;
    await chown(bare, 1234, 1234);
    const before = await readFile(join(bare, "config"), "utf8");
    const global = execFileSync("sh", ["-c", "git config --global --list || true"]).toString();
    expect((await pack()).facts.refs).toHaveLength(5);
    expect(await readFile(join(bare, "config"), "utf8")).toBe(before);
    expect(execFileSync("sh", ["-c", "git config --global --list || true"]).toString()).toBe(global);
  });

  it("runs nothing that the source's configuration and hooks name", async () => {
    await makeRepository();
    const trap = join(work, "trap.sh");
    const sprung = join(work, "sprung");
    await writeFile(trap, `#!/bin/sh\necho "$0" >> ${sprung}\n`, { mode: 0o755 });
    for (const key of [
      "core.fsmonitor",
      "core.pager",
      "core.sshCommand",
      "core.editor",
      "core.askPass",
      "gpg.program",
      "diff.external",
      "core.alternateRefsCommand",
      "uploadpack.packObjectsHook",
      "credential.helper",
    ]) {
      git("config", key, trap);
    }
    for (const hook of ["post-checkout", "reference-transaction", "pre-auto-gc", "post-index-change", "post-rewrite"]) {
      await writeFile(join(path, ".git/hooks", hook), `#!/bin/sh\necho ${hook} >> ${sprung}\n`, { mode: 0o755 });
    }
    await restore(await pack());
    await expect(readFile(sprung, "utf8")).rejects.toThrow(/ENOENT/);
  });
});

describe("a bundle of one release", () => {
  it("holds the tag and what leads to it", async () => {
    await makeRepository();
    const packed = await pack("v1");
    const directory = await restore(packed);
    expect(packed.facts).toMatchObject({ refs: [{ name: "refs/tags/v1" }], head: null });
    expect(refsOf(directory)).toContain("refs/tags/v1");
    expect(refsOf(directory)).not.toContain("v2");
  });

  it("is refused for a tag that is not there", async () => {
    await makeRepository();
    await expect(pack("v9")).rejects.toThrow(/no tag "v9"/);
  });
});

describe("what is refused", () => {
  it("an empty repository", async () => {
    git("init", "-q");
    await expect(engine().bundle({ path }, never)).rejects.toThrow(/is empty/);
    expect(await engine().inspect({ path }, never)).toMatchObject({ refs: [] });
  });

  it("a directory inside a repository, and one that is none", async () => {
    await makeRepository();
    await mkdir(join(path, "below"));
    await expect(engine().inspect({ path: join(path, "below") }, never)).rejects.toThrow(/no git repository/);
    await expect(engine().inspect({ path: join(work, "absent") }, never)).rejects.toThrow(/no directory/);
  });

  it.each([
    ["shallow", ["--depth=1"], /shallow clone/],
    ["partial", ["--filter=blob:none"], /partial clone/],
  ])("a %s clone, with what to do", async (_, options, message) => {
    await makeRepository();
    git("config", "uploadpack.allowFilter", "true");
    const clone = join(work, "clone");
    execFileSync("git", ["clone", "-q", ...options, `file://${path}`, clone], { stdio: "ignore" });
    await expect(engine().inspect({ path: clone }, never)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/git fetch --unshallow|Clone it anew/),
      permanent: true,
    });
  });

  it("a repository whose objects are damaged", async () => {
    await makeRepository();
    const id = git("rev-parse", "HEAD:one").trim();
    await rm(join(path, ".git/objects", id.slice(0, 2), id.slice(2)), { force: true });
    await expect(engine().bundle({ path }, never)).rejects.toThrow(/git/);
    expect(await readdir(join(work, "spool"))).toEqual([]);
  });
});

describe("a bundle that comes back", () => {
  it("is verified whole, and refused when a byte of it is another or its end is missing", async () => {
    await makeRepository();
    const { bytes, facts } = await pack();
    const refs = await engine().verify(Readable.from([bytes]), never);
    expect(refs.filter(({ name }) => name !== "HEAD")).toEqual(facts.refs);
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(bytes.length - 1_000) ^ 1, bytes.length - 1_000);
    for (const bad of [flipped, bytes.subarray(0, -500), bytes.subarray(0, 30), Buffer.from("nonsense")]) {
      await expect(engine().verify(Readable.from([bad]), never)).rejects.toThrow(/bundle/);
      await rm(join(work, "restored"), { recursive: true, force: true });
      await expect(restore({ bytes: bad, facts })).rejects.toThrow();
    }
  });

  it("is refused where it does not hold the refs that it should", async () => {
    await makeRepository();
    const { bytes } = await pack("v1");
    const { facts } = await pack();
    await expect(restore({ bytes, facts })).rejects.toThrow();
  });

  it("does not go where something lies already", async () => {
    await makeRepository();
    const packed = await pack();
    await expect(
      engine().restore(path, Readable.from([packed.bytes]), { facts: packed.facts, signal: never }),
    ).rejects.toThrow(/holds something/);
  });
});
