import { type FileHandle, mkdir, mkdtemp, open, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { describeObjectStoreContract, failureOf } from "../contract";
import { UNFINISHED } from "./config";
import { openDirectoryStore } from "./engine";

const go = { signal: new AbortController().signal };

describeObjectStoreContract("directory", async () => {
  const root = await mkdtemp("/var/tmp/hf-directory-");
  const unfinished = async () => readdir(join(root, UNFINISHED)).catch(() => []);
  return {
    store: openDirectoryStore({ path: root }),
    leaveUnfinished: () => writeFile(join(root, UNFINISHED, "0123456789abcdef"), "half of it"),
    countUnfinished: async () => (await unfinished()).length,
    close: () => rm(root, { recursive: true, force: true }),
  };
});

let base: string;
beforeAll(async () => {
  base = await mkdtemp("/var/tmp/hf-directory-");
});
afterAll(() => rm(base, { recursive: true, force: true }));

async function freshRoot(name: string): Promise<string> {
  const root = join(base, name);
  await mkdir(root, { mode: 0o700 });
  return root;
}

test("files and directories are for their owner alone", async () => {
  const root = await freshRoot("modes");
  await openDirectoryStore({ path: root }).put("a/b", Buffer.from("x"), go);
  expect((await stat(join(root, "a"))).mode & 0o777).toBe(0o700);
  expect((await stat(join(root, "a/b"))).mode & 0o777).toBe(0o600);
});

test("a root that is not there is not made: its volume may be missing", async () => {
  const store = openDirectoryStore({ path: join(base, "absent") });
  const calls = [() => store.put("a", Buffer.from("x"), go), () => store.inspect(go), () => store.head("a", go)];
  for (const call of calls) {
    const error = await failureOf(call());
    expect(error).toMatchObject({ permanent: true, message: expect.stringContaining("does not exist") });
    expect(error.hint).toContain("mounted");
  }
});

test("a symbolic link is not followed, neither for reading nor for writing", async () => {
  const root = await freshRoot("links");
  const outside = await freshRoot("outside");
  await writeFile(join(outside, "secret"), "not ours");
  await symlink(outside, join(root, "out"));
  await symlink(join(outside, "secret"), join(root, "file"));
  const store = openDirectoryStore({ path: root });
  await failureOf(store.get("out/secret", go));
  await failureOf(store.get("file", go));
  await failureOf(store.put("out/new", Buffer.from("x"), go));
  await failureOf(store.put("file", Buffer.from("x"), go));
  await failureOf(store.delete("out/secret", go));
  expect(await readdir(outside)).toEqual(["secret"]);
  expect(await Array.fromAsync(store.list("", go))).toEqual([]);
});

test("a file where a key needs a directory, or the other way round, is a clear failure", async () => {
  const store = openDirectoryStore({ path: await freshRoot("shapes") });
  await store.put("a", Buffer.from("x"), go);
  await store.put("b/c", Buffer.from("x"), go);
  expect((await failureOf(store.put("a/b", Buffer.from("x"), go))).message).toContain("a file is in the way");
  expect(await failureOf(store.put("b", Buffer.from("x"), go))).toMatchObject({ permanent: true });
});

test("the place of unfinished uploads cannot be used as a key, and is not listed", async () => {
  const root = await freshRoot("reserved");
  const store = openDirectoryStore({ path: root });
  await store.put("a", Buffer.from("x"), go);
  await writeFile(join(root, UNFINISHED, "left"), "half");
  expect(await failureOf(store.put(`${UNFINISHED}/a`, Buffer.from("x"), go))).toMatchObject({ permanent: true });
  expect((await Array.fromAsync(store.list("", go))).map(({ key }) => key)).toEqual(["a"]);
});

test("a full disk is named, may pass, and leaves nothing behind", async () => {
  const root = await freshRoot("full");
  const store = openDirectoryStore({ path: root });
  const handle = await open(join(root, "any"), "w");
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  const write = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, "write").mockRejectedValue(full);
  await handle.close();
  const source = Readable.from([Buffer.alloc(100)]);
  const error = await failureOf(store.put("a/b", source, go));
  write.mockRestore();
  expect(error).toMatchObject({ permanent: false, message: expect.stringContaining("the disk is full (ENOSPC)") });
  expect(error.hint).toContain("space");
  expect(source.destroyed).toBe(true);
  expect(await store.head("a/b", go)).toBeNull();
  expect(await readdir(join(root, UNFINISHED))).toEqual([]);
});
