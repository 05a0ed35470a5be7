import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { startProgram } from "@/lib/engines/shared/process";
import type { SealFacts } from "../port";
import { createAgeEnvelope } from "./engine";

const envelope = createAgeEnvelope();
const signal = new AbortController().signal;
let directory: string;
let identityFile: string;
let otherIdentityFile: string;
let recipients: string[];

beforeAll(async () => {
  directory = await mkdtemp("/var/tmp/hf-envelope-");
  identityFile = join(directory, "identity.txt");
  otherIdentityFile = join(directory, "other.txt");
  for (const file of [identityFile, otherIdentityFile]) execFileSync("age-keygen", ["-o", file], { stdio: "ignore" });
  recipients = [execFileSync("age-keygen", ["-y", identityFile], { encoding: "utf8" }).trim()];
});

afterAll(() => rm(directory, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
const streamOf = (data: Buffer) => Readable.from(chunksOf(data), { objectMode: false });

function* chunksOf(data: Buffer): Generator<Buffer> {
  for (let at = 0; at < data.length; at += 100_000) yield data.subarray(at, at + 100_000);
}

/** Half noise, half text: compresses to about half. */
function someBytes(size: number): Buffer {
  const block = Buffer.alloc(2 ** 20, "INSERT INTO t VALUES (1, 'the same again');\n");
  const noise = randomBytes(block.length >> 1);
  for (let at = 0; at + 50 < noise.length; at += 50) noise.copy(block, at * 2, at, at + 50);
  return Buffer.alloc(size, block);
}

async function seal(data: Buffer, to: readonly string[] = recipients): Promise<{ bytes: Buffer; facts: SealFacts }> {
  const sealing = envelope.seal(streamOf(data), { recipients: to, signal });
  return { bytes: await buffer(sealing.output), facts: await sealing.done };
}

async function open(sealed: Buffer, key: string | undefined = identityFile) {
  const opening = envelope.open(streamOf(sealed), { encrypted: true, identityFile: key, signal });
  const [bytes, facts] = await Promise.allSettled([buffer(opening.output), opening.done]);
  if (facts.status === "rejected") throw facts.reason;
  if (bytes.status === "rejected") throw bytes.reason;
  return { bytes: bytes.value, facts: facts.value };
}

/** The programs that this process has started and that still run. */
async function ownPrograms(): Promise<{ pid: number; name: string }[]> {
  const found: { pid: number; name: string }[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const [state, parent] = stat.slice(stat.lastIndexOf(") ") + 2).split(" ");
    if (Number(parent) !== process.pid || state === "Z") continue;
    found.push({ pid: Number(pid), name: basename(await readlink(`/proc/${pid}/exe`).catch(() => "")) });
  }
  return found.filter(({ name }) => name === "zstd" || name === "age");
}

async function failureOf(promise: Promise<unknown>): Promise<EngineError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

describe("sealing and opening", () => {
  test.each([
    ["0 bytes", 0],
    ["1 byte", 1],
    ["64 MB", 64 * 2 ** 20],
  ])("gives back %s as they were, with true sizes and digests", async (_name, size) => {
    const data = someBytes(size);
    const sealed = await seal(data);
    expect(sealed.facts.plain).toEqual({ sizeBytes: size, sha256: sha256(data) });
    const opened = await open(sealed.bytes);
    expect(opened.bytes.equals(data)).toBe(true);
    const measure = { sizeBytes: sealed.bytes.length, sha256: sha256(sealed.bytes) };
    expect(opened.facts).toEqual({ sealed: measure, plain: { sizeBytes: size } });
  });

  test("packs what the standard programs open by hand", async () => {
    const data = someBytes(300_000);
    const { bytes } = await seal(data);
    const compressed = execFileSync("age", ["-d", "-i", identityFile], { input: bytes });
    expect(execFileSync("zstd", ["-dc"], { input: compressed }).equals(data)).toBe(true);
    expect(envelope.extension(recipients)).toBe(".zst.age");
  });

  test("without recipients packs with zstd alone, and says so by the extension", async () => {
    const data = someBytes(300_000);
    const { bytes } = await seal(data, []);
    expect(envelope.extension([])).toBe(".zst");
    expect(execFileSync("zstd", ["-dc"], { input: bytes }).equals(data)).toBe(true);
    const opening = envelope.open(streamOf(bytes), { encrypted: false, identityFile: undefined, signal });
    expect((await buffer(opening.output)).equals(data)).toBe(true);
    expect((await opening.done).sealed.sizeBytes).toBe(bytes.length);
  });

  test.each([["with", () => recipients] as const, ["without", () => []] as const])(
    "takes what another program writes, %s recipients, and ends well only if that program did",
    async (_name, to) => {
      const data = someBytes(5_000_000);
      const file = join(directory, "plain");
      await writeFile(file, data);
      const measure = { sizeBytes: data.length, sha256: sha256(data) };
      const writes = (end: Promise<typeof measure>) => {
        const start = () => {
          const { child } = startProgram({
            engine: "test",
            operation: "write",
            program: "cat",
            args: [file],
            signal,
            hint: "Is it there?",
          });
          if (!child.stdout) throw new Error("no pipe");
          return child.stdout;
        };
        return envelope.seal({ start, measured: end, abandon: () => undefined }, { recipients: to(), signal });
      };
      const sealing = writes(Promise.resolve(measure));
      const bytes = await buffer(sealing.output);
      expect((await sealing.done).plain).toEqual(measure);
      const opening = envelope.open(streamOf(bytes), { encrypted: to().length > 0, identityFile, signal });
      expect((await buffer(opening.output)).equals(data)).toBe(true);

      const broken = new EngineError("the dump broke", {
        engine: "mariadb",
        operation: "dump",
        permanent: false,
        hint: "",
      });
      const failure = Promise.reject(broken);
      failure.catch(() => undefined); // The sealing is handed it a moment later.
      const failing = writes(failure);
      await expect(buffer(failing.output)).rejects.toThrow("the dump broke");
      await expect(failing.done).rejects.toBe(broken);
    },
  );

  test("a reader who comes only after the programs have ended gets every byte", async () => {
    const data = Buffer.from("CREATE USER shop;\n".repeat(200));
    const untilEnded = async () => {
      while ((await ownPrograms()).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const sealing = envelope.seal(streamOf(data), { recipients, signal });
    await untilEnded();
    const sealed = await buffer(sealing.output);
    expect((await sealing.done).plain.sizeBytes).toBe(data.length);
    const opening = envelope.open(streamOf(sealed), { encrypted: true, identityFile, signal });
    await untilEnded();
    expect(await buffer(opening.output)).toEqual(data);
    await opening.done;
  });

  test("every recipient can open it", async () => {
    const second = execFileSync("age-keygen", ["-y", otherIdentityFile], { encoding: "utf8" }).trim();
    const { bytes } = await seal(Buffer.from("for both"), [...recipients, second]);
    for (const key of [identityFile, otherIdentityFile])
      expect((await open(bytes, key)).bytes.toString()).toBe("for both");
  });
});

describe("an envelope that is not right", () => {
  test("is refused with a hint when the key is another one", async () => {
    const { bytes } = await seal(someBytes(300_000));
    const error = await failureOf(open(bytes, otherIdentityFile));
    expect(error).toMatchObject({ permanent: true, message: expect.stringContaining("the key does not open it") });
    expect(error.hint).toContain("identityFile");
  });

  test("is refused when it is cut off, wherever", async () => {
    const { bytes } = await seal(someBytes(2_000_000));
    const cuts = [
      0,
      1,
      30,
      120,
      190,
      70_000,
      bytes.length >> 1,
      bytes.length - 65_536,
      bytes.length - 17,
      bytes.length - 1,
    ];
    for (const cut of cuts) {
      const error = await failureOf(open(bytes.subarray(0, cut)));
      expect(error, `cut at ${cut}`).toMatchObject({ permanent: true });
      expect(error.hint, `cut at ${cut}`).toMatch(/SHA-256|identityFile/);
    }
  });

  test("is refused when one bit is flipped, wherever", async () => {
    const { bytes } = await seal(someBytes(2_000_000));
    for (const at of [3, 24, 40, 100, 120, 140, 170, 210, bytes.length >> 1, bytes.length - 1]) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 4;
      expect(await failureOf(open(flipped)), `flipped at ${at}`).toMatchObject({ permanent: true });
    }
  });

  test("is refused when it is not encrypted, cut off and only zstd can notice", async () => {
    const { bytes } = await seal(someBytes(2_000_000), []);
    const opening = envelope.open(streamOf(bytes.subarray(0, bytes.length - 3)), {
      encrypted: false,
      identityFile: undefined,
      signal,
    });
    await expect(buffer(opening.output)).rejects.toThrow("cut off or damaged");
    expect(await failureOf(opening.done)).toMatchObject({ permanent: true });
  });

  test("asks for the identity file when there is none, and says when it cannot be read or holds no key", async () => {
    const { bytes } = await seal(Buffer.from("x"));
    const given = { encrypted: true, identityFile: undefined, signal };
    expect((await failureOf(envelope.open(streamOf(bytes), given).done)).hint).toContain("keys.identityFile");
    expect((await failureOf(open(bytes, join(directory, "absent.txt")))).message).toContain("cannot be read");
    await writeFile(join(directory, "bad.txt"), "not a key\n");
    expect((await failureOf(open(bytes, join(directory, "bad.txt")))).message).toContain("holds no key");
  });

  test("never shows what may be a private key given as a recipient", async () => {
    const secret = "AGE-SECRET-KEY-1QQPQQQQQQQQQ";
    const sealing = envelope.seal(streamOf(Buffer.from("x")), { recipients: [secret], signal });
    const error = await failureOf(sealing.done);
    expect(JSON.stringify([error.message, error.hint])).not.toContain(secret);
    await expect(buffer(sealing.output)).rejects.toBe(error);
    const malformed = envelope.seal(streamOf(Buffer.from("x")), { recipients: ["age1xyz"], signal });
    await expect(buffer(malformed.output)).rejects.toThrow("a recipient is not valid");
  });
});

describe("when something goes wrong on the way", () => {
  test("a source that fails ends the output with its error, and leaves no program behind", async () => {
    const source = new PassThrough();
    const cause = new EngineError("the dump failed", {
      engine: "db",
      operation: "dump",
      permanent: true,
      hint: "Look.",
    });
    source.write(someBytes(500_000));
    const sealing = envelope.seal(source, { recipients, signal });
    const read = buffer(sealing.output);
    source.destroy(cause);
    await expect(read).rejects.toBe(cause);
    await expect(sealing.done).rejects.toBe(cause);
    expect(await ownPrograms()).toEqual([]);
  });

  test("a source that just goes away is a failure too, never a shorter backup", async () => {
    const source = new PassThrough();
    source.write(someBytes(500_000));
    const sealing = envelope.seal(source, { recipients, signal });
    const read = buffer(sealing.output);
    source.destroy();
    await expect(read).rejects.toThrow("broke off");
    await expect(sealing.done).rejects.toThrow("broke off");
  });

  test("a program that is killed fails the output before its end, whichever it is", async () => {
    for (const victim of ["zstd", "age"]) {
      const source = new PassThrough();
      source.write(someBytes(500_000));
      const sealing = envelope.seal(source, { recipients, signal });
      const read = buffer(sealing.output);
      await vi.waitFor(async () => expect(await ownPrograms()).toHaveLength(2), { timeout: 10_000 });
      for (const { pid, name } of await ownPrograms()) if (name === victim) process.kill(pid, "SIGKILL");
      const error = await failureOf(read);
      expect(error.message).toContain(`"${victim}" was ended by SIGKILL`);
      await expect(sealing.done).rejects.toBe(error);
      expect(source.destroyed).toBe(true);
      expect(await ownPrograms()).toEqual([]);
    }
  });

  test("an abort ends the programs at once, while the source waits", async () => {
    const controller = new AbortController();
    const source = new PassThrough();
    source.write(someBytes(500_000));
    const sealing = envelope.seal(source, { recipients, signal: controller.signal });
    const read = buffer(sealing.output);
    await vi.waitFor(async () => expect(await ownPrograms()).toHaveLength(2), { timeout: 10_000 });
    controller.abort();
    await expect(read).rejects.toBeInstanceOf(CancelledError);
    await expect(sealing.done).rejects.toBeInstanceOf(CancelledError);
    expect(source.destroyed).toBe(true);
    expect(await ownPrograms()).toEqual([]);
  });

  test("a reader who goes away early ends the programs and the source", async () => {
    const source = new PassThrough();
    source.write(someBytes(500_000));
    const sealing = envelope.seal(source, { recipients, signal });
    await vi.waitFor(async () => expect(await ownPrograms()).toHaveLength(2), { timeout: 10_000 });
    sealing.output.destroy();
    await expect(sealing.done).rejects.toBeInstanceOf(CancelledError);
    expect(source.destroyed).toBe(true);
    expect(await ownPrograms()).toEqual([]);

    const cause = new EngineError("the store is full", {
      engine: "s3",
      operation: "put",
      permanent: false,
      hint: "Look.",
    });
    const failed = envelope.seal(streamOf(someBytes(8_000_000)), { recipients, signal });
    failed.output.destroy(cause);
    await expect(failed.done).rejects.toBe(cause);

    const { bytes } = await seal(someBytes(8_000_000));
    const opening = envelope.open(streamOf(bytes), { encrypted: true, identityFile, signal });
    for await (const chunk of opening.output) {
      expect((chunk as Buffer).length).toBeGreaterThan(0);
      break;
    }
    await expect(opening.done).rejects.toBeInstanceOf(CancelledError);
    expect(await ownPrograms()).toEqual([]);
  });

  test("a missing program is named", async () => {
    vi.stubEnv("PATH", directory);
    const sealing = envelope.seal(streamOf(Buffer.from("x")), { recipients: [], signal });
    const error = await failureOf(sealing.done);
    expect(error).toMatchObject({ permanent: true, hint: expect.stringContaining('Is "zstd" installed') });
    const opening = envelope.open(streamOf(Buffer.from("x")), { encrypted: true, identityFile, signal });
    expect((await failureOf(opening.done)).hint).toContain('Is "age" installed');
  });
});
