import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, createReadStream } from "node:fs";
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createWriteStream } from "node:fs";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { honestSize } from "@/bench/size";
import type { FilesFacts, FilesSource } from "../port";
import { openTarFiles } from "./engine";

const never = new AbortController().signal;

/** One archive of a chain, as a repository would hold it. */
interface Kept {
  archive: Buffer;
  snapshot: Buffer;
  listing: Buffer;
  facts: FilesFacts;
}

let work: string;
let root: string;
let source: FilesSource;

beforeEach(async () => {
  work = await mkdtemp("/var/tmp/hf-files-");
  root = join(work, "root");
  await mkdir(root);
  source = { root, include: [], exclude: [] };
});

afterEach(async () => {
  await rm(work, { recursive: true, force: true });
});

function engine() {
  return openTarFiles({ directory: join(work, "spool") });
}

async function pack(base?: Kept, of: FilesSource = source): Promise<Kept> {
  const archive = engine().archive(of, {
    base: base && { snapshot: Readable.from([base.snapshot]), listing: Readable.from([base.listing]) },
    signal: never,
  });
  try {
    const [bytes, facts] = await Promise.all([buffer(archive.output), archive.done]);
    return {
      archive: bytes,
      snapshot: await buffer(archive.snapshot()),
      listing: await buffer(archive.listing()),
      facts,
    };
  } finally {
    await archive.close();
  }
}

let restores = 0;

async function restore(chain: readonly Kept[], of: FilesSource = source) {
  const directory = join(work, `restored-${(restores += 1)}`);
  const place = await engine().prepareTarget(directory, "k");
  for (const { archive } of chain) await engine().extract(place, Readable.from([archive]), { signal: never });
  expect(await readdir(work)).not.toContain(directory);
  await engine().settleTarget(place, directory);
  const last = chain.at(-1);
  const comparison = await engine().compare(directory, Readable.from([last?.listing ?? ""]), {
    include: of.include,
    signal: never,
  });
  return { directory, comparison };
}

const EQUAL = { count: 0, first: [] };

/** What two trees really hold, read by other means than the engine's. */
function describeTree(directory: string): string {
  return execFileSync(
    "sh",
    ["-c", "find . -type f -exec sha256sum {} + | LC_ALL=C sort; find . ! -type s | LC_ALL=C sort"],
    {
      cwd: directory,
    },
  ).toString("latin1");
}

describe("one archive", () => {
  it("brings back every kind of entry, name and fact", async () => {
    await mkdir(join(root, "a/b"), { recursive: true });
    await writeFile(join(root, "a/file"), "text");
    await chmod(join(root, "a/file"), 0o4751);
    await chown(join(root, "a/file"), 1234, 4321);
    await utimes(join(root, "a/file"), 1e9 + 0.123456, 1e9 + 0.654321);
    await link(join(root, "a/file"), join(root, "a/b/hard"));
    await symlink("../../nowhere\nat all", join(root, "a/b/soft"));
    await writeFile(join(root, "a/empty"), "");
    execFileSync("mkfifo", [join(root, "a/pipe")]);
    for (const name of [Buffer.from([0xff, 0xfe, 0x20]), Buffer.from('new\nline "q" \\n'), Buffer.from("ü 漢")]) {
      await writeFile(Buffer.concat([Buffer.from(`${root}/`), name]), randomBytes(100));
    }
    await chmod(join(root, "a/b"), 0o500);
    const kept = await pack();
    const { directory, comparison } = await restore([kept]);
    expect(comparison).toMatchObject({ differences: EQUAL, unsettled: 0, digest: kept.facts.digest });
    expect(describeTree(directory)).toBe(describeTree(root));
    expect((await lstat(join(directory, "a/file"))).ino).toBe((await lstat(join(directory, "a/b/hard"))).ino);
    expect((await stat(join(directory, "a/file"))).mtimeMs).toBe((await stat(join(root, "a/file"))).mtimeMs);
    expect(kept.facts).toMatchObject({ files: 6, directories: 3, symlinks: 1, others: 1, leftOut: { count: 0 } });
  });

  it("lists a socket as left out", async () => {
    const server = createServer().listen(join(root, "s"));
    const { facts } = await pack();
    server.close();
    expect(facts.leftOut).toEqual({ count: 1, named: ["./s"] });
    expect(facts.remarks.count).toBe(0);
  });

  it("keeps holes as holes and extended attributes", async () => {
    const file = await open(join(root, "sparse"), "w");
    await file.write("begin", 0);
    await file.write("end", 512 * 2 ** 20);
    await file.close();
    execFileSync("python3", [
      "-c",
      `import os;os.setxattr(${JSON.stringify(join(root, "sparse"))},'user.note',b'\\x00\\xff')`,
    ]);
    const kept = await pack();
    expect(kept.archive.length).toBeLessThan(2 ** 20);
    const { directory, comparison } = await restore([kept]);
    expect(comparison.differences).toEqual(EQUAL);
    expect((await stat(join(directory, "sparse"))).blocks).toBeLessThan(1_000);
    const value = execFileSync("python3", [
      "-c",
      `import os;print(os.getxattr(${JSON.stringify(join(directory, "sparse"))},'user.note').hex())`,
    ]);
    expect(value.toString().trim()).toBe("00ff");
  });

  it("brings back a path of 4,000 bytes", async () => {
    const deep = Array.from({ length: 20 }, (_, index) => `${index}`.padStart(198, "d")).join("/");
    execFileSync("python3", [
      "-c",
      `import os\nos.chdir(${JSON.stringify(root)})\nfor p in ${JSON.stringify(deep.split("/"))}:\n os.mkdir(p); os.chdir(p)\nopen('end','w').write('deep')`,
    ]);
    expect(deep.length).toBeGreaterThan(3_900);
    const kept = await pack();
    const { comparison } = await restore([kept]);
    expect(comparison).toMatchObject({ differences: EQUAL, compared: 22 });
    await rm(root, { recursive: true });
  });

  it("packs what is included, without what is excluded", async () => {
    for (const name of ["app/keep", "app/cache/x", "app/deep/cache/y", "logs/a.log", "logs/a.tmp", "other/z"]) {
      await mkdir(join(root, name, ".."), { recursive: true });
      await writeFile(join(root, name), name);
    }
    const of = { root, include: ["app", "logs/", "app/deep"], exclude: ["app/cache", "*.tmp"] };
    const kept = await pack(undefined, of);
    const { directory, comparison } = await restore([kept], of);
    expect(comparison).toMatchObject({ differences: EQUAL, digest: kept.facts.digest });
    expect((await readdir(directory, { recursive: true })).sort()).toEqual([
      "app",
      "app/deep",
      "app/deep/cache",
      "app/deep/cache/y",
      "app/keep",
      "logs",
      "logs/a.log",
    ]);
  });

  it("can be compared by find, sort and sha256sum alone", async () => {
    await mkdir(join(root, "d"));
    await writeFile(join(root, "d/f"), "x");
    await symlink("f", join(root, "d/l"));
    const { facts } = await pack();
    const command = String.raw`find . \( -type d -printf '%p//%y %m %U %G 0 %T@ \0' \) -o -printf '%p//%y %m %U %G %s %T@ %l\0' | LC_ALL=C sort -z | sha256sum`;
    expect(execFileSync("sh", ["-c", command], { cwd: root }).toString()).toContain(facts.digest);
  });
});

describe("what cannot be packed", () => {
  it.each([
    ["an include that is not there", { include: ["absent"] }, /absent" is not there/],
    ["an include that a link leads away from", { include: ["link/x"] }, /is a symbolic link/],
    ["an include above the root", { include: ["../etc"] }, /no path below the root/],
    ["an absolute exclude", { exclude: ["/etc"] }, /no path below the root/],
    ["a root that is not there", { root: "/var/tmp/hf-files-absent" }, /is not there/],
    ["a root that is a file", { root: "/etc/passwd" }, /is no directory/],
  ])("refuses %s", async (_, change, message) => {
    await symlink("/etc", join(root, "link"));
    await expect(pack(undefined, { ...source, ...change })).rejects.toThrow(message);
    expect(await readdir(join(work, "spool")).catch(() => [])).toEqual([]);
  });

  it("fails with the name of a file that cannot be read, unless it is excluded", async () => {
    await writeFile(join(root, "open"), "");
    await writeFile(join(root, "closed"), "", { mode: 0o600 });
    await chown(join(root, "closed"), 65_534, 65_534);
    const packAs = (exclude: string[]) => withoutOverride(() => pack(undefined, { ...source, exclude }));
    await expect(packAs([])).rejects.toThrow(/"\.\/closed": Cannot open: Permission denied/);
    expect((await packAs(["closed"])).facts.files).toBe(1);
  });

  it("fails with the name of a directory that cannot be read", async () => {
    await mkdir(join(root, "closed"), { mode: 0o700 });
    await chown(join(root, "closed"), 65_534, 65_534);
    await expect(withoutOverride(() => pack())).rejects.toThrow(/closed/);
  });

  it("leaves nothing behind when nobody reads on, and when it is cancelled", async () => {
    await writeFile(join(root, "large"), randomBytes(8 * 2 ** 20));
    const archive = engine().archive(source, { signal: never });
    for await (const chunk of archive.output) if (chunk) break;
    await expect(archive.done).rejects.toThrow(/reader went away|stopped/);
    await archive.close();
    const cancel = new AbortController();
    const other = engine().archive(source, { signal: cancel.signal });
    const reading = buffer(other.output);
    reading.catch(() => undefined);
    setTimeout(() => cancel.abort(), 60);
    await expect(other.done).rejects.toThrow();
    await other.close();
    expect(await readdir(join(work, "spool"))).toEqual([]);
  });
});

/** Root reads every file, so tar alone is run without that right: this project may lie where nobody else can read. */
async function withoutOverride<T>(act: () => Promise<T>): Promise<T> {
  const { PATH = "" } = process.env;
  const programs = await mkdtemp(join(tmpdir(), "hf-tar-"));
  const dropped = "-dac_override,-dac_read_search";
  const script = `#!/bin/sh\nPATH='${PATH}' exec setpriv --bounding-set=${dropped} --inh-caps=${dropped} tar "$@"\n`;
  await writeFile(join(programs, "tar"), script, { mode: 0o755 });
  vi.stubEnv("PATH", `${programs}:${PATH}`);
  try {
    return await act();
  } finally {
    vi.stubEnv("PATH", PATH);
    await rm(programs, { recursive: true });
  }
}

describe("a source that changes while it is read", () => {
  /** Opens the archive, and acts once its first bytes have come: tar waits behind a full pipe. */
  async function packWhile(act: () => Promise<void>): Promise<Kept> {
    await writeFile(join(root, "0-first"), randomBytes(6 * 2 ** 20));
    const archive = engine().archive(source, { signal: never });
    const chunks: Buffer[] = [];
    for await (const chunk of archive.output) {
      if (chunks.length === 0) await act();
      chunks.push(chunk as Buffer);
    }
    const facts = await archive.done;
    const listing = await buffer(archive.listing());
    const snapshot = await buffer(archive.snapshot());
    await archive.close();
    return { archive: Buffer.concat(chunks), snapshot, listing, facts };
  }

  it("says each file that grew, shrank, changed, was replaced, came or went, and is no failure", async () => {
    for (const name of ["grows", "shrinks", "changes", "goes", "replaced", "stays"]) {
      await mkdir(join(root, name));
      await writeFile(join(root, name, "file"), randomBytes(200_000));
    }
    const kept = await packWhile(async () => {
      appendFileSync(join(root, "grows/file"), "more");
      await truncate(join(root, "shrinks/file"), 10);
      await utimes(join(root, "changes/file"), 1, 1);
      await writeFile(join(root, "other"), randomBytes(200_000));
      await rename(join(root, "other"), join(root, "replaced/file"));
      await rm(join(root, "goes"), { recursive: true });
      await writeFile(join(root, "came"), "");
    });
    const { count, named } = kept.facts.unsettled;
    expect(named).toEqual(
      expect.arrayContaining(
        ["grows/file", "shrinks/file", "changes/file", "replaced/file", "goes/file", "came"].map((name) => `./${name}`),
      ),
    );
    expect(named).not.toContain("./stays/file");
    expect(count).toBe(named.length);
    const { comparison } = await restore([kept]);
    expect(comparison.differences).toEqual(EQUAL);
    expect(comparison.unsettled).toBe(count);
  });

  it("packs them again in the next increment, and that one is whole", async () => {
    await writeFile(join(root, "grows"), randomBytes(200_000));
    const full = await packWhile(() => writeFile(join(root, "grows"), randomBytes(300_000)));
    const next = await pack(full);
    const { directory, comparison } = await restore([full, next]);
    expect(comparison).toMatchObject({ differences: EQUAL, unsettled: 0 });
    expect(describeTree(directory)).toBe(describeTree(root));
  });
});

describe("a chain", () => {
  it("holds in an increment only what changed, and carries deletions out", async () => {
    await mkdir(join(root, "d"));
    await writeFile(join(root, "d/large"), randomBytes(4 * 2 ** 20));
    await writeFile(join(root, "d/goes"), "");
    const full = await pack();
    await rm(join(root, "d/goes"));
    await writeFile(join(root, "d/came"), "x");
    const next = await pack(full);
    expect(next.archive.length).toBeLessThan(2 ** 20);
    const { directory } = await restore([full, next]);
    expect(describeTree(directory)).toBe(describeTree(root));
  });

  it("sees a change that the clock hides: one that was set back between the two", async () => {
    await writeFile(join(root, "f"), "one");
    const full = await pack();
    await writeFile(join(root, "f"), "two");
    // To tar it is as if the full had been taken an hour after the change.
    const ahead = Buffer.from(
      full.snapshot.toString("latin1").replace(/\n(\d+)\0/, (_, at) => `\n${Number(at) + 3_600}\0`),
      "latin1",
    );
    const { directory } = await restore([full, await pack({ ...full, snapshot: ahead })]);
    expect(await readFile(join(directory, "f"), "utf8")).toBe("two");
  });

  it("goes on below another path and from another runner", async () => {
    await mkdir(join(root, "d"));
    await writeFile(join(root, "d/large"), randomBytes(2 * 2 ** 20));
    const full = await pack();
    await rename(root, join(work, "moved"));
    const of = { ...source, root: join(work, "moved") };
    const next = await pack(full, of);
    expect(next.archive.length).toBeLessThan(2 ** 19);
    expect((await restore([full, next], of)).comparison.differences).toEqual(EQUAL);
  });

  it.each([
    ["is none", "nonsense\0\0", /none that GNU tar/],
    ["is cut off", null, /cut off or damaged/],
  ])("refuses a snapshot that %s", async (_, text, message) => {
    await writeFile(join(root, "f"), "");
    const full = await pack();
    const snapshot = text === null ? full.snapshot.subarray(0, -3) : Buffer.from(text);
    await expect(pack({ ...full, snapshot })).rejects.toThrow(message);
  });

  it(
    "gives back exactly the tree of any history, renames and all",
    { timeout: honestSize(60_000, 1_200_000) },
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(fc.nat(), { minLength: 3, maxLength: 25 }), { minLength: 3, maxLength: 3 }),
          async (rounds) => {
            await rm(root, { recursive: true, force: true });
            await mkdir(join(root, "t1"), { recursive: true });
            await mkdir(join(root, "t2"));
            const of = { ...source, include: ["t1", "t2"] };
            const chain: Kept[] = [];
            for (const round of rounds) {
              for (let at = 0; at < round.length; at += 1) await disturb(round.slice(at, at + 4));
              chain.push(await pack(chain.at(-1), of));
              expect(chain.at(-1)?.facts.remarks).toEqual({ count: 0, named: [] });
            }
            const { directory, comparison } = await restore(chain, of);
            expect(comparison).toMatchObject({ differences: EQUAL, unsettled: 0 });
            expect(describeTree(directory)).toBe(describeTree(root));
            await rm(directory, { recursive: true });
          },
        ),
        { numRuns: honestSize(8, 200) },
      );
    },
  );

  /** Some change that the numbers choose; one that makes no sense here is left out. */
  async function disturb([kind = 0, a = 0, b = 0, c = 0]: number[]): Promise<void> {
    const entries = (await readdir(root, { recursive: true, withFileTypes: true })).map((entry) => ({
      path: join(entry.parentPath, entry.name),
      isDirectory: entry.isDirectory(),
    }));
    entries.sort((x, y) => (x.path < y.path ? -1 : 1));
    const directories = entries.filter((entry) => entry.isDirectory);
    const others = entries.filter(({ path }) => path !== join(root, "t1") && path !== join(root, "t2"));
    const into = join(directories[a % directories.length]?.path ?? root, "wxyz"[b % 4] ?? "w");
    const some = others[c % Math.max(1, others.length)]?.path;
    const acts = [
      () => mkdir(into),
      () => writeFile(into, String(c)),
      () => symlink("t1", into),
      () => link(some ?? "", into),
      () => rm(some ?? "", { recursive: true }),
      () => rename(some ?? "", into),
      () => rename(some ?? "", into),
      () => chmod(some ?? "", 0o700 + (c % 64)),
    ];
    await acts[kind % acts.length]?.().catch(() => undefined);
  }
});

describe("a restore", () => {
  it.each([
    ["what holds something", async () => join(work, "root"), /holds something/],
    ["a link", async () => (await symlink(root, join(work, "l")), join(work, "l")), /is a symbolic link/],
    ["a file", async () => (await writeFile(join(work, "f"), ""), join(work, "f")), /is a file/],
    ["the machine's root", async () => "/", /root of this machine/],
    ["a path that is not plain", async () => `${work}/x/../y`, /no plain absolute path/],
    ["a place without a parent", async () => join(work, "no/where"), /no parent/],
  ])("refuses %s as its target", async (_, make, message) => {
    await writeFile(join(root, "f"), "");
    await expect(engine().prepareTarget(await make(), "k")).rejects.toThrow(message);
  });

  it("begins anew where an earlier attempt was cut short, and removes only what it made", async () => {
    const directory = join(work, "target");
    await mkdir(directory);
    const place = await engine().prepareTarget(directory, "k");
    await writeFile(join(place, "half"), "");
    expect(await engine().prepareTarget(directory, "k")).toBe(place);
    expect(await readdir(place)).toEqual([]);
    await engine().settleTarget(place, directory);
    await expect(engine().dropTarget(directory)).rejects.toThrow(/no place that was made/);
  });

  it("knows secrets again by their fingerprint, and tells nothing without its key", async () => {
    await writeFile(join(root, ".env"), "APP_KEY=1");
    await mkdir(join(root, "d"));
    await writeFile(join(root, "d/key"), "k");
    const [key, other] = [randomBytes(32), randomBytes(32)];
    const before = await engine().fingerprint(source, key, never);
    expect(await engine().fingerprint(source, key, never)).toBe(before);
    expect(await engine().fingerprint(source, other, never)).not.toBe(before);
    await writeFile(join(root, ".env"), "APP_KEY=2");
    expect(await engine().fingerprint(source, key, never)).not.toBe(before);
    await writeFile(join(root, ".env"), "APP_KEY=1");
    await rename(join(root, "d/key"), join(root, "d/key2"));
    expect(await engine().fingerprint(source, key, never)).not.toBe(before);
  });

  it("says what differs: content's size, mode, owner, what is missing and what is too much", async () => {
    for (const name of ["size", "mode", "owner", "gone"]) await writeFile(join(root, name), "x");
    const kept = await pack();
    const { directory } = await restore([kept]);
    await writeFile(join(directory, "size"), "xx");
    await chmod(join(directory, "mode"), 0o600);
    await chown(join(directory, "owner"), 7, 7);
    await rm(join(directory, "gone"));
    await writeFile(join(directory, "more"), "");
    const { differences } = await engine().compare(directory, Readable.from([kept.listing]), {
      include: [],
      signal: never,
    });
    const found = Object.fromEntries(
      differences.first.map(({ path, kind, facts }) => [path, [kind, ...facts].join(" ")]),
    );
    expect(found).toMatchObject({
      "./size": expect.stringContaining("changed size"),
      "./mode": "changed mode",
      "./owner": "changed owner",
      "./gone": "missing",
      "./more": "extra",
    });
  });

  it("fails on an archive that is cut off, wherever", async () => {
    await writeFile(join(root, "f"), randomBytes(300_000));
    const { archive } = await pack();
    for (const length of [0, 700, 200_000]) {
      const directory = join(work, `cut-${length}`);
      const place = await engine().prepareTarget(directory, "k");
      const cut = Readable.from([archive.subarray(0, length)]);
      await expect(engine().extract(place, cut, { signal: never })).rejects.toThrow(/unpack the files/);
    }
  });

  it("never writes outside, whatever an archive says", async () => {
    const script = `
import tarfile,io
t=tarfile.open(${JSON.stringify(join(work, "evil.tar"))},'w')
def f(n,**k):
  i=tarfile.TarInfo(n)
  for a,b in k.items(): setattr(i,a,b)
  t.addfile(i,io.BytesIO(b'evil') if i.isreg() and i.size else None)
f('out',type=tarfile.SYMTYPE,linkname=${JSON.stringify(work)})
f('out/through-link',size=4)
f('../above',size=4)
f(${JSON.stringify(join(work, "absolute"))},size=4)
t.close()`;
    execFileSync("python3", ["-c", script]);
    const directory = join(work, "safe");
    const place = await engine().prepareTarget(directory, "k");
    await engine()
      .extract(place, createReadStream(join(work, "evil.tar")), { signal: never })
      .catch(() => undefined);
    const outside = await readdir(work);
    for (const name of ["through-link", "above", "absolute"]) expect(outside).not.toContain(name);
  });
});

describe("bytes for another program", () => {
  it("go past this process, measured", async () => {
    await writeFile(join(root, "f"), randomBytes(2 ** 20));
    const archive = engine().archive(source, { signal: never });
    const piped = archive.piped();
    const file = join(work, "piped.tar");
    await pipeline(piped.start(), createWriteStream(file));
    const [{ sizeBytes, sha256 }] = [await piped.measured];
    expect((await stat(file)).size).toBe(sizeBytes);
    expect(execFileSync("sha256sum", [file]).toString()).toContain(sha256);
    await archive.done;
    await archive.close();
  });
});
