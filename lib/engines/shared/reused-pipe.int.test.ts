import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { openReusedPipe } from "./reused-pipe";

const MIB = 2 ** 20;

async function behind(command: string) {
  const pipe = await openReusedPipe();
  const child = spawn("bash", ["-c", command], { stdio: ["ignore", pipe.entrance, "ignore"] });
  pipe.entrance.destroy();
  return { pipe, child };
}

describe("a pipe whose bytes come in the same memory", () => {
  test("brings every byte of a program, and leaves nothing on the disk", async () => {
    process.env.TMPDIR = await mkdtemp(join(tmpdir(), "hf-reused-"));
    const { pipe } = await behind("head -c 20000000 /dev/zero | tr '\\0' 'x'");
    const hash = createHash("sha256");
    const blocks = new Set<ArrayBufferLike>();
    for await (const bytes of pipe.bytes()) {
      blocks.add(bytes.buffer);
      hash.update(bytes);
    }
    expect(hash.digest("hex")).toBe(createHash("sha256").update(Buffer.alloc(20_000_000, "x")).digest("hex"));
    expect(blocks.size).toBe(1);
    expect(await readdir(tmpdir())).toEqual([]);
    await rm(tmpdir(), { recursive: true });
    delete process.env.TMPDIR;
  });

  test("keeps what a program wrote that has ended long before it is read", async () => {
    const { pipe, child } = await behind("printf whole");
    await once(child, "close");
    await wait(50);
    const read = await Array.fromAsync(pipe.bytes(), (bytes) => Buffer.from(bytes).toString());
    expect(read.join("")).toBe("whole");
  });

  test("of a program that writes nothing is empty", async () => {
    const { pipe } = await behind("true");
    expect(await Array.fromAsync(pipe.bytes())).toEqual([]);
  });

  test("a program whose reader went away ends", async () => {
    const { pipe, child } = await behind("cat /dev/zero");
    for await (const bytes of pipe.bytes()) {
      expect(bytes.length).toBeGreaterThan(0);
      break;
    }
    // The one when it writes after the end, the other when bytes were still on their way.
    const [exitCode, killedBy] = (await once(child, "close")) as [number | null, string | null];
    expect(["SIGPIPE", "exit code 1"]).toContain(killedBy ?? `exit code ${exitCode}`);
  });

  test("makes the program wait for its reader", async () => {
    const { pipe } = await behind(`head -c ${64 * MIB} /dev/zero`);
    await wait(100);
    let sizeBytes = 0;
    for await (const bytes of pipe.bytes()) {
      expect(bytes.length).toBeLessThanOrEqual(MIB);
      sizeBytes += bytes.length;
    }
    expect(sizeBytes).toBe(64 * MIB);
  });
});
