import { createHash } from "node:crypto";
import {
  appendFile,
  copyFile,
  link,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FileLogEvent, FilesSource, FollowedLog } from "../../port";
import { openFileLogs } from "./read-file-log";

const never = new AbortController().signal;

let work: string;
let source: FilesSource;
/** What a repository holds: segments by their names. */
let shipped: Map<string, Buffer>;
let followed: FollowedLog[];

beforeEach(async () => {
  work = await mkdtemp("/var/tmp/hf-filelog-");
  source = { root: work, include: [], exclude: [] };
  [shipped, followed] = [new Map(), []];
});

afterEach(async () => {
  await rm(work, { recursive: true, force: true });
});

/** One cycle: looks, and ships what there is. */
async function ship(chunksMax = Infinity): Promise<FileLogEvent[]> {
  const logs = openFileLogs();
  const { logs: found, events } = await logs.scan(source, followed, never);
  followed = [];
  for (const log of found) {
    let at = log;
    for (let count = 0; count < chunksMax; count += 1) {
      const chunk = await logs.next(source, at, never);
      if (!chunk) break;
      expect(chunk.name).toContain(createHash("sha256").update(chunk.bytes).digest("hex"));
      expect(chunk).toMatchObject({ start: at.offset, end: at.offset + chunk.bytes.length });
      expect(shipped.has(chunk.name)).toBe(false);
      shipped.set(chunk.name, chunk.bytes);
      at = chunk.next;
    }
    followed.push(at);
  }
  return events.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What `cat` makes of the segments of each log, in the order of their names. */
function whole(): Record<string, string> {
  const logs: Record<string, string> = {};
  for (const name of [...shipped.keys()].sort()) {
    const id = name.replace(/\.\d{20}-\d{20}\.[0-9a-f]{64}$/, "");
    logs[id] = (logs[id] ?? "") + (shipped.get(name)?.toString() ?? "");
  }
  return logs;
}

const path = (name: string) => join(work, name);
const contents = () => Object.values(whole()).sort();

describe("a log that is appended to", () => {
  it("is shipped from where it was left off, each byte once", async () => {
    await writeFile(path("app.log"), "one\n");
    expect(await ship()).toMatchObject([{ kind: "new", path: "./app.log" }]);
    await appendFile(path("app.log"), "two\n");
    expect(await ship()).toEqual([]);
    expect(await ship()).toEqual([]);
    expect(contents()).toEqual(["one\ntwo\n"]);
    expect(shipped.size).toBe(2);
    expect(Object.keys(whole())[0]).toMatch(/^app\.log\.[0-9a-f-]{36}$/);
  });

  it("is put together again from pieces of many lengths", async () => {
    const bytes = Buffer.alloc(20 * 2 ** 20, "0123456789abcdefg");
    await writeFile(path("large.log"), bytes);
    await ship();
    expect(shipped.size).toBe(3);
    expect(contents()[0] === bytes.toString()).toBe(true);
  });

  it("is found below directories, without links, excluded ones and pipes", async () => {
    await mkdir(path("queue/failed"), { recursive: true });
    await writeFile(path("queue/failed/jobs.log"), "j");
    await writeFile(path("queue/x.tmp"), "no");
    await symlink("/etc/passwd", path("queue/link.log"));
    source = { root: work, include: ["queue"], exclude: ["*.tmp"] };
    await ship();
    expect(contents()).toEqual(["j"]);
    expect(Object.keys(whole())[0]).toMatch(/^queue_failed_jobs\.log\./);
  });
});

describe("rotation", () => {
  it("by rename: the old one goes on to its end, the new one is a log of its own", async () => {
    await writeFile(path("app.log"), "old 1\n");
    await ship();
    await appendFile(path("app.log"), "old 2\n");
    await rename(path("app.log"), path("app.log.1"));
    await writeFile(path("app.log"), "new 1\n");
    expect(await ship()).toMatchObject([
      { kind: "new", path: "./app.log" },
      { kind: "rotated", path: "./app.log.1" },
    ]);
    await appendFile(path("app.log.1"), "old 3\n");
    await ship();
    expect(contents()).toEqual(["new 1\n", "old 1\nold 2\nold 3\n"]);
  });

  it("by copy and cut: what was added before the cut comes from the copy", async () => {
    await writeFile(path("app.log"), "first\n");
    await ship();
    await appendFile(path("app.log"), "between\n");
    await copyFile(path("app.log"), path("app.log.1"));
    await truncate(path("app.log"), 0);
    await appendFile(path("app.log"), "after\n");
    expect(await ship()).toMatchObject([
      { kind: "truncated", path: "./app.log" },
      { kind: "rotated", path: "./app.log.1" },
    ]);
    expect(contents()).toEqual(["after\n", "first\nbetween\n"]);
  });

  it("by copy and cut, and grown beyond its old length with the same first line since", async () => {
    await writeFile(path("app.log"), "# header\none\n");
    await ship();
    await truncate(path("app.log"), 0);
    await appendFile(path("app.log"), "# header\nanother, and longer than before\n");
    expect(await ship()).toMatchObject([{ kind: "truncated" }]);
    expect(contents()).toEqual(["# header\nanother, and longer than before\n", "# header\none\n"]);
  });

  it("with compression: the compressed file is another one", async () => {
    await writeFile(path("app.log"), "one\n");
    await ship();
    await rm(path("app.log"));
    await writeFile(path("app.log.1.gz"), Buffer.from([0x1f, 0x8b, 1, 2]));
    expect(await ship()).toMatchObject([{ kind: "vanished" }, { kind: "new" }]);
    expect(shipped.size).toBe(2);
  });

  it("leaves a copy that somebody made of a log that goes on alone: that is a log of its own", async () => {
    await writeFile(path("app.log"), "one\n");
    await ship();
    await copyFile(path("app.log"), path("app.copy"));
    await appendFile(path("app.log"), "two\n");
    await ship();
    expect(contents()).toEqual(["one\n", "one\ntwo\n"]);
  });

  it("keeps two names of one file apart, from scan to scan", async () => {
    await writeFile(path("a.log"), "1");
    await link(path("a.log"), path("b.log"));
    await ship();
    await appendFile(path("a.log"), "2");
    expect(await ship()).toEqual([]);
    expect(contents()).toEqual(["12", "12"]);
  });
});

describe("bytes that are not sure", () => {
  it("are not given when the file was cut since the scan", async () => {
    await writeFile(path("app.log"), "one\n");
    await ship();
    await appendFile(path("app.log"), "two\n");
    const [log] = (await openFileLogs().scan(source, followed, never)).logs;
    await writeFile(path("app.log"), "quite another log");
    expect(log && (await openFileLogs().next(source, log, never))).toBeNull();
    await rm(path("app.log"));
    expect(log && (await openFileLogs().next(source, log, never))).toBeNull();
  });

  it("come whole from a file that grows while it is read", { timeout: 30_000 }, async () => {
    await writeFile(path("app.log"), "");
    let isWriting = true;
    const writer = (async () => {
      for (let line = 0; isWriting; line += 1) await appendFile(path("app.log"), `line ${line}\n`.repeat(50));
    })();
    for (let cycle = 0; cycle < 20; cycle += 1) await ship(3);
    isWriting = false;
    await writer;
    await ship();
    expect(contents()[0] === (await readFile(path("app.log"), "utf8"))).toBe(true);
  });

  it("lose nothing over any history of appends, renames, copies and cuts between the cycles", async () => {
    const act = fc.constantFrom("append", "append", "rename", "copy-and-cut", "ship");
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
        await rm(work, { recursive: true });
        await mkdir(work);
        [shipped, followed] = [new Map(), []];
        const written: string[] = [""];
        let serial = 0;
        await writeFile(path("app.log"), "");
        for (const each of acts) {
          serial += 1;
          if (each === "append") {
            await appendFile(path("app.log"), `line ${serial}\n`);
            written[written.length - 1] += `line ${serial}\n`;
          } else if (each === "ship") await ship();
          else if (each === "rename") {
            await rename(path("app.log"), path(`app.log.${serial}`));
            await writeFile(path("app.log"), "");
            written.push("");
          } else {
            await copyFile(path("app.log"), path(`app.log.${serial}`));
            await truncate(path("app.log"), 0);
            written.push("");
          }
        }
        await ship();
        expect(contents()).toEqual(written.filter(Boolean).sort());
      }),
      { numRuns: 40 },
    );
  });
});
