import { execFileSync } from "node:child_process";
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EngineError } from "@/lib/kernel/errors";
import type { FileLogChunk, FilesSource, FollowedLog, LogState } from "../../port";
import { openFileLogs } from "./read-file-log";

const signal = new AbortController().signal;
const logs = openFileLogs();

/** What one backup of the logs leaves. */
interface Taken {
  archive: Buffer;
  followed: FollowedLog[];
  known: LogState[];
}

let work: string;
let source: FilesSource;
let taken: Taken[];

const at = (...names: string[]) => join(work, ...names);
const app = (name: string) => at("app", name);

beforeEach(async () => {
  work = await mkdtemp("/var/tmp/hf-logrestore-");
  await begin();
});

afterEach(async () => {
  await rm(work, { recursive: true, force: true });
});

async function begin(): Promise<void> {
  await rm(at("app"), { recursive: true, force: true });
  await mkdir(at("app"));
  source = { root: at("app"), include: [], exclude: [] };
  taken = [];
}

async function take(): Promise<void> {
  const { logs: found } = await logs.scan(source, taken.at(-1)?.followed ?? [], signal);
  const [followed, known]: [FollowedLog[], LogState[]] = [[], []];
  const read = async function* (): AsyncGenerator<FileLogChunk> {
    for (const log of found) {
      let last = log;
      for (let chunk = await logs.next(source, last, signal); chunk; chunk = await logs.next(source, last, signal)) {
        known.push(last);
        yield chunk;
        last = chunk.next;
      }
      followed.push(last);
    }
  };
  const archive = await buffer(logs.pack(read()));
  taken.push({ archive, followed, known: [...known, ...followed] });
}

/** The tree as a backup of it would bring it back. */
async function packTree(): Promise<void> {
  await rm(at("restored"), { recursive: true, force: true });
  execFileSync("cp", ["-a", at("app"), at("restored")]);
}

async function restore(since: number): Promise<{ logs: number; bytes: number }> {
  const chain = taken.slice(since);
  const restoring = await logs.restore(at("restored"), {
    logs: chain.at(-1)?.followed ?? [],
    known: chain.flatMap(({ known }) => known),
    signal,
  });
  for (const { archive } of chain) await restoring.add(Readable.from([archive], { objectMode: false }));
  return restoring.settle();
}

async function contents(directory: string): Promise<Record<string, string>> {
  const names = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((each) => each.isFile());
  const entries = names.map(async ({ name, parentPath }) => {
    const path = join(parentPath, name);
    return [path.slice(directory.length + 1), await readFile(path, "utf8")] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

describe("logs on a tree that was packed before", () => {
  it("get what was appended since, keep mode and owner, and lie under their last names", async () => {
    await writeFile(app("app.log"), "one\n", { mode: 0o600 });
    await take();
    await packTree();
    await appendFile(app("app.log"), "two\n");
    await take();
    await rename(app("app.log"), app("app.log.1"));
    await mkdir(app("queue"));
    await writeFile(app("queue/jobs.log"), "job\n");
    await writeFile(app("app.log"), "three\n");
    await take();
    expect(await restore(1)).toEqual({ logs: 3, bytes: 18 });
    expect(await contents(at("restored"))).toEqual({
      "app.log": "three\n",
      "app.log.1": "one\ntwo\n",
      "queue/jobs.log": "job\n",
    });
    expect((await stat(at("restored/app.log.1"))).mode & 0o777).toBe(0o600);
  });

  it("are rid of what tar had read behind the sure bytes", async () => {
    await writeFile(app("app.log"), "one\n");
    await take();
    await packTree();
    await appendFile(at("restored/app.log"), "tw\0torn");
    await appendFile(app("app.log"), "two\n");
    await take();
    await restore(1);
    expect(await contents(at("restored"))).toEqual({ "app.log": "one\ntwo\n" });
  });

  it("are refused where a piece between lacks, or a byte is another one", async () => {
    await writeFile(app("app.log"), "one\n");
    await take();
    await packTree();
    await appendFile(app("app.log"), "two\n");
    await take();
    await appendFile(app("app.log"), "three\n");
    await take();
    const lacking = restore(2);
    await expect(lacking).rejects.toThrow(/bytes from 0 to 8 are not there/);
    await expect(lacking).rejects.toMatchObject({ kind: "damage" });
    await packAgain("one\n");
    taken[1]?.archive.write("T", 512);
    await expect(restore(1)).rejects.toThrow(/otherwise than it was shipped/);
  });

  it("are refused where a link would lead them out of the tree", async () => {
    await writeFile(app("app.log"), "one\n");
    await take();
    await packTree();
    await mkdir(app("queue"));
    await writeFile(app("queue/jobs.log"), "job\n");
    await take();
    await mkdir(at("outside"));
    await symlink(at("outside"), at("restored/queue"));
    await expect(restore(1)).rejects.toThrow(/no place for the log/);
    expect(await readdir(at("outside"))).toEqual([]);
  });

  it("come from an archive that is one of ours, whole", async () => {
    await writeFile(app("app.log"), "one\n");
    await packTree();
    await take();
    const whole = taken[0]?.archive ?? Buffer.alloc(0);
    for (const broken of [whole.subarray(0, 700), Buffer.alloc(700, "x"), Buffer.alloc(0)]) {
      taken[0] = { archive: broken, followed: taken[0]?.followed ?? [], known: taken[0]?.known ?? [] };
      const attempt = restore(0);
      await expect(attempt).rejects.toBeInstanceOf(EngineError);
      await expect(attempt).rejects.toThrow(/no archive of logs/);
      await packAgain("one\n");
    }
  });
});

async function packAgain(text: string): Promise<void> {
  await rm(at("restored"), { recursive: true });
  await mkdir(at("restored"));
  await writeFile(at("restored/app.log"), text);
}

it("standard tools alone put an archive's logs together", async () => {
  const bytes = Buffer.alloc(9 * 2 ** 20, "0123456789abcdefg");
  await writeFile(app("large.log"), bytes);
  await take();
  await writeFile(at("logs.tar"), taken[0]?.archive ?? "");
  await mkdir(at("unpacked"));
  execFileSync("tar", ["--extract", "--file=../logs.tar"], { cwd: at("unpacked") });
  const [id = ""] = await readdir(at("unpacked"));
  const sum = execFileSync("sh", ["-c", 'cat "$1"/* | cmp - "$2"', "sh", at("unpacked", id), app("large.log")]);
  expect([id.startsWith("large.log."), sum.length]).toEqual([true, 0]);
});

it("nothing is lost or doubled over any history of appends, renames, cuts and packings", async () => {
  const act = fc.constantFrom("append", "append", "rename", "copy-and-cut", "take", "take", "pack");
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
      await begin();
      let serial = 0;
      let since = 0;
      await writeFile(app("app.log"), "");
      await packTree();
      for (const each of acts) {
        serial += 1;
        if (each === "append") await appendFile(app("app.log"), `line ${serial}\n`);
        else if (each === "take") await take();
        else if (each === "pack") {
          await packTree();
          since = taken.length;
        } else if (each === "rename") {
          await rename(app("app.log"), app(`app.log.${serial}`));
          await writeFile(app("app.log"), "");
        } else {
          await copyFile(app("app.log"), app(`app.log.${serial}`));
          await truncate(app("app.log"), 0);
        }
      }
      await take();
      await restore(since);
      expect(await contents(at("restored"))).toEqual(await contents(at("app")));
    }),
    { numRuns: 60, examples: [[["append", "pack", "append", "copy-and-cut"]]] },
  );
});
