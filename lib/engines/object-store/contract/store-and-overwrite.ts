import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { type Part, PART_BYTES, PartStream, cutParts } from "@/lib/engines/shared/parts";
import { type Opened, failureOf, go, newKey, pattern, read, slices } from "./store-under-test";

/** Beyond it lies at least one more part of a multipart upload. */
const SEVERAL_PARTS_BYTES = 70 * 2 ** 20;
/** Twice the most that an upload may hold in memory. */
const LONG_BYTES = 384 * 2 ** 20;
const HELD_BYTES_MAX = 192 * 2 ** 20;

export function testRoundTrips(opened: Opened): void {
  test.each([
    ["0 bytes", 0],
    ["1 byte", 1],
    ["300 KB", 300_000],
    ["9 MB", 9 * 2 ** 20],
  ])("a buffer of %s comes back as it was, with its size", async (_name, size) => {
    const { store } = opened();
    const key = newKey();
    const body = randomBytes(size);
    expect(await store.put(key, body, go)).toMatchObject({ sizeBytes: size });
    expect((await read(store, key)).equals(body)).toBe(true);
    expect(await store.head(key, go)).toMatchObject({ key, sizeBytes: size });
  });

  test.each([
    ["0 bytes", 0],
    ["1 byte", 1],
    ["70 MB", SEVERAL_PARTS_BYTES],
  ])("a stream of %s comes back as it was, with its size", async (_name, size) => {
    const { store } = opened();
    const key = newKey();
    const body = pattern(size);
    const stored = await store.put(key, Readable.from(slices(body, 100_001), { objectMode: false }), go);
    expect(stored).toMatchObject({ sizeBytes: size });
    expect((await read(store, key)).equals(body)).toBe(true);
    await store.delete(key, go);
  });

  test("memory stays flat while a long stream is stored", async () => {
    const { store } = opened();
    if (store.location === "memory") return expect(store.location).toBe("memory"); // it is memory
    const key = newKey();
    const before = process.memoryUsage().arrayBuffers;
    let peak = 0;
    const long = (function* (): Generator<Buffer> {
      for (let sent = 0; sent < LONG_BYTES; sent += 2 ** 20) {
        peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
        yield Buffer.alloc(2 ** 20, sent % 251);
      }
    })();
    await store.put(key, Readable.from(long, { objectMode: false }), go);
    expect((await store.head(key, go))?.sizeBytes).toBe(LONG_BYTES);
    expect(peak).toBeLessThan(HELD_BYTES_MAX);
    await store.delete(key, go);
  });
}

export function testParts(opened: Opened): void {
  test("what is cut into parts already comes back as it was, and every part is released", async () => {
    const { store } = opened();
    const key = newKey();
    const body = pattern(SEVERAL_PARTS_BYTES);
    const stream = new PartStream();
    const given = new Set<Part>();
    const feeding = (async () => {
      // Less memory than the body takes: it comes to its end only if parts are released on the way.
      for await (const part of cutParts(slices(body, 2 ** 20), { atOnce: 3, partBytes: PART_BYTES / 2 })) {
        given.add(part);
        const release = () => {
          given.delete(part);
          part.release();
        };
        if (!stream.write({ ...part, release })) await once(stream, "drain");
      }
      stream.end();
    })();
    const [stored] = await Promise.all([store.put(key, stream, go), feeding]);
    expect(stored.sizeBytes).toBe(SEVERAL_PARTS_BYTES);
    expect(given.size).toBe(0);
    expect((await read(store, key)).equals(body)).toBe(true);
    await store.delete(key, go);
  });
}

export function testOverwriting(opened: Opened): void {
  for (const kind of ["buffer", "stream"] as const) {
    const body = (text: string) => (kind === "buffer" ? Buffer.from(text) : Readable.from([Buffer.from(text)]));

    test(`the same content again succeeds and changes nothing (${kind})`, async () => {
      const { store } = opened();
      const key = newKey();
      const first = await store.put(key, body("content"), go);
      const before = await store.head(key, go);
      expect(await store.put(key, body("content"), go)).toEqual(first);
      expect(await store.head(key, go)).toEqual(before);
    });

    test(`other content is refused for good, and the object stays (${kind})`, async () => {
      const { store } = opened();
      const key = newKey();
      await store.put(key, body("content"), go);
      for (const other of ["CONTENT", "content and more", "conten", ""]) {
        const error = await failureOf(store.put(key, body(other), go));
        expect(error).toMatchObject({ permanent: true, message: expect.stringContaining("different content") });
      }
      expect((await read(store, key)).toString()).toBe("content");
    });
  }

  test("of several writers of one key at once with different content, exactly one succeeds and stays", async () => {
    const { store } = opened();
    const key = newKey();
    const bodies = ["a", "b", "c", "d"].map((text) => Buffer.from(text.repeat(10_000)));
    const results = await Promise.allSettled(bodies.map((body) => store.put(key, body, go)));
    const winners = bodies.filter((_, index) => results[index]?.status === "fulfilled");
    expect(winners).toHaveLength(1);
    expect((await read(store, key)).equals(winners[0] ?? Buffer.alloc(0))).toBe(true);
  });

  test("replace puts a pointer in the place of the one before", async () => {
    const { store } = opened();
    const key = newKey();
    await store.replace(key, Buffer.from("first"), go);
    const second = Buffer.from("the second");
    expect(await store.replace(key, second, go)).toMatchObject({ sizeBytes: 10 });
    expect((await read(store, key)).toString()).toBe("the second");
  });

  test("a key that was deleted may be used again, for other content too", async () => {
    const { store } = opened();
    const key = newKey();
    await store.put(key, Buffer.from("before"), go);
    await store.delete(key, go);
    await store.put(key, Buffer.from("after"), go);
    expect((await read(store, key)).toString()).toBe("after");
  });
}
