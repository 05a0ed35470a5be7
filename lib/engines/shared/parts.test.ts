import { createHash, randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Part, cutParts, shareAmong } from "./parts";

const DATA = randomBytes(10_000);

function* chunks(size: number): Generator<Buffer> {
  for (let at = 0; at < DATA.length; at += size) yield DATA.subarray(at, at + size);
}

describe("cutting bytes into parts", () => {
  test.each([
    ["smaller than a part", 700],
    ["larger than a part", 9_000],
    ["as large as a part", 3_000],
  ])("of chunks %s: each part is full but for the last, with its MD5", async (_name, size) => {
    const seen: Buffer[] = [];
    const parts: Buffer[] = [];
    for await (const part of cutParts(chunks(size), {
      atOnce: 1,
      partBytes: 3_000,
      see: (bytes) => seen.push(Buffer.from(bytes)),
    })) {
      expect(part.md5).toEqual(createHash("md5").update(part.bytes).digest());
      parts.push(Buffer.from(part.bytes));
      part.release();
    }
    expect(parts.map(({ length }) => length)).toEqual([3_000, 3_000, 3_000, 1_000]);
    expect(Buffer.concat(parts).equals(DATA)).toBe(true);
    expect(Buffer.concat(seen).equals(DATA)).toBe(true);
  });

  test("of nothing gives no part", async () => {
    expect(await Array.fromAsync(cutParts([], { atOnce: 1 }))).toEqual([]);
  });

  test("waits while as many parts are held as may be, and fills the same memory again", async () => {
    const parts = cutParts(chunks(500), { atOnce: 2, partBytes: 1_000 });
    const [first, second] = [await take(parts), await take(parts)];
    let isThere = false;
    const third = take(parts).finally(() => (isThere = true));
    await turn();
    expect(isThere).toBe(false);
    first.release();
    first.release(); // a second time does nothing
    expect((await third).bytes.buffer).toBe(first.bytes.buffer);
    expect(second.bytes.equals(DATA.subarray(1_000, 2_000))).toBe(true);
  });

  test("tells where a part begins before its first byte", async () => {
    const events: string[] = [];
    const onPart = async () => void events.push("part");
    const see = (bytes: Uint8Array) => void events.push(String(bytes.length));
    for await (const part of cutParts(chunks(4_000), { atOnce: 1, partBytes: 6_000, onPart, see })) part.release();
    expect(events).toEqual(["part", "4000", "2000", "part", "2000", "2000"]);
  });

  test("a shared part is free when each of its readers has released it", () => {
    let released = 0;
    const part: Part = { bytes: DATA, md5: Buffer.alloc(16), release: () => void (released += 1) };
    const [one, other] = shareAmong(part, 2);
    one?.release();
    one?.release();
    expect(released).toBe(0);
    other?.release();
    expect(released).toBe(1);
  });
});

async function take(parts: AsyncGenerator<Part>): Promise<Part> {
  const { value } = await parts.next();
  return value as Part;
}
