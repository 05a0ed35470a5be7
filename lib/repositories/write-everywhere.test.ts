import { randomBytes } from "node:crypto";
import { PassThrough, Readable, Transform } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { openMemoryStore } from "@/lib/engines/object-store/memory/engine";
import { FaultyStore, storeFailure } from "@/lib/engines/object-store/memory/faulty";
import type { ObjectStore } from "@/lib/engines/object-store/port";
import { sha256 } from "@/lib/kernel/crypto";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { type Written, writeEverywhere } from "./write-everywhere";

const MIB = 2 ** 20;
const DATA = randomBytes(8 * MIB);
const signal = new AbortController().signal;

function newStores(count: number): FaultyStore[] {
  return Array.from({ length: count }, () => new FaultyStore(openMemoryStore()));
}

function source(bytes: Buffer = DATA, chunk = MIB): Readable {
  const count = Math.ceil(bytes.length / chunk);
  const chunks = Array.from({ length: count }, (_, index) => bytes.subarray(index * chunk, (index + 1) * chunk));
  return Readable.from(chunks); // in object mode no chunks are joined
}

function write(
  input: Readable,
  stores: readonly ObjectStore[],
  options: { partsAPiece?: number; signal?: AbortSignal } = {},
): Promise<Written> {
  return writeEverywhere(
    input,
    stores.map((store, index) => ({ repository: `r${index}`, store })),
    { signal, partBytes: MIB, ...options, keyOf: (piece) => `part.${piece}` },
  );
}

async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const object of store.list("", { signal })) keys.push(object.key);
  return keys;
}

async function contentOf(store: ObjectStore, keys: readonly string[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const key of keys) parts.push(await buffer(await store.get(key, { signal })));
  return Buffer.concat(parts);
}

/** A store that reads so many bytes and then breaks, as a connection that is lost in the middle of an upload. */
function breakAfter(store: FaultyStore, bytes: number): void {
  store.body = (_, body) => {
    let seen = 0;
    const breaking = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        seen += chunk.length;
        if (seen > bytes) next(storeFailure("the connection was lost"));
        else next(null, chunk);
      },
    });
    breaking.once("close", () => body.destroy());
    return body.pipe(breaking);
  };
}

describe("writing one stream to several repositories", () => {
  test("stores the same bytes in each, and tells size and digest", async () => {
    const stores = newStores(3);
    const written = await write(source(), stores);
    expect(written).toEqual({
      pieces: [{ key: "part.0", sizeBytes: DATA.length, sha256: sha256(DATA) }],
      whole: { sizeBytes: DATA.length, sha256: sha256(DATA) },
      failures: new Map(),
    });
    for (const store of stores) expect((await contentOf(store, ["part.0"])).equals(DATA)).toBe(true);
  });

  test("of nothing stores an empty object", async () => {
    const stores = newStores(2);
    const { pieces } = await write(Readable.from([], { objectMode: false }), stores);
    expect(pieces).toEqual([{ key: "part.0", sizeBytes: 0, sha256: sha256("") }]);
    expect(await keysOf(stores[1] as ObjectStore)).toEqual(["part.0"]);
  });

  test("goes on without a repository that breaks in the middle, and says which and why", async () => {
    const stores = newStores(3);
    breakAfter(stores[1] as FaultyStore, 3 * MIB);
    const { pieces, failures } = await write(source(), stores);
    expect(pieces).toHaveLength(1);
    expect([...failures]).toEqual([
      ["r1", expect.objectContaining({ code: "ENGINE", message: "the connection was lost" })],
    ]);
    expect((await contentOf(stores[0] as ObjectStore, ["part.0"])).equals(DATA)).toBe(true);
    expect(await keysOf(stores[1] as ObjectStore)).toEqual([]);
  });

  test("goes on without a repository that does not answer at all", async () => {
    const stores = newStores(2);
    stores[0]?.fail("nobody answers");
    const { failures } = await write(source(), stores);
    expect([...failures.keys()]).toEqual(["r0"]);
    expect((await contentOf(stores[1] as ObjectStore, ["part.0"])).equals(DATA)).toBe(true);
  });

  test("fails with the stores' own reason when every repository breaks, and ends the source", async () => {
    const stores = newStores(2);
    for (const store of stores) breakAfter(store, MIB);
    const input = source();
    await expect(write(input, stores)).rejects.toThrow("the connection was lost");
    expect(input.destroyed).toBe(true);
    for (const store of stores) expect(await keysOf(store)).toEqual([]);
  });

  test("leaves no object anywhere when the source breaks, and fails with its reason", async () => {
    const stores = newStores(2);
    const broken = Readable.from(
      (async function* () {
        yield DATA.subarray(0, MIB);
        await turn();
        throw new EngineError("the dump broke off", {
          engine: "mariadb",
          operation: "dump",
          permanent: false,
          hint: "?",
        });
      })(),
      { objectMode: false },
    );
    await expect(write(broken, stores)).rejects.toThrow("the dump broke off");
    for (const store of stores) expect(await keysOf(store)).toEqual([]);
  });

  test("leaves no object anywhere when it is stopped, and says that it was stopped", async () => {
    const stores = newStores(2);
    const stopping = new AbortController();
    const endless = Readable.from(
      (async function* () {
        for (let count = 0; ; count += 1) {
          if (count === 3) stopping.abort();
          if (stopping.signal.aborted && count > 10) return;
          await turn();
          yield DATA.subarray(0, MIB);
        }
      })(),
      { objectMode: false },
    );
    await expect(write(endless, stores, { signal: stopping.signal })).rejects.toThrow(CancelledError);
    for (const store of stores) expect(await keysOf(store)).toEqual([]);
  });

  test("begins another object when a piece is full, and the pieces in order are the stream", async () => {
    const stores = newStores(2);
    const { pieces, whole } = await write(source(), stores, { partsAPiece: 3 });
    expect(whole).toEqual({ sizeBytes: DATA.length, sha256: sha256(DATA) });
    expect(pieces.map(({ key, sizeBytes }) => [key, sizeBytes])).toEqual([
      ["part.0", 3 * MIB],
      ["part.1", 3 * MIB],
      ["part.2", 2 * MIB],
    ]);
    const keys = pieces.map(({ key }) => key);
    for (const store of stores) expect((await contentOf(store, keys)).equals(DATA)).toBe(true);
    for (const [index, piece] of pieces.entries()) {
      expect(piece.sha256).toBe(sha256(DATA.subarray(index * 3 * MIB, (index + 1) * 3 * MIB)));
    }
  });

  test("does not begin a piece in a repository that lost an earlier one", async () => {
    const stores = newStores(2);
    const [first] = stores;
    if (first) first.before = (_, key) => (key === "part.1" ? Promise.reject(storeFailure("full")) : undefined);
    const { pieces, failures } = await write(source(), stores, { partsAPiece: 2 });
    expect(pieces).toHaveLength(4);
    expect([...failures.keys()]).toEqual(["r0"]);
    expect(await keysOf(first as ObjectStore)).toEqual(["part.0"]);
    expect(await keysOf(stores[1] as ObjectStore)).toHaveLength(4);
  });

  test("counts a repository that stored fewer bytes than were sent as failed", async () => {
    const stores = newStores(2);
    const [first] = stores;
    if (first) first.answer = (stored) => ({ ...stored, sizeBytes: stored.sizeBytes - 1 });
    const { failures } = await write(source(), stores);
    expect(failures.get("r0")?.message).toContain("bytes were stored");
  });

  test("goes at the pace of the slowest: what waits in memory stays small", async () => {
    const stores = newStores(2);
    const gate = Promise.withResolvers<void>();
    const [slow] = stores;
    if (slow) {
      slow.body = (_, body) => {
        const held = new PassThrough();
        void gate.promise.then(() => body.pipe(held));
        return held;
      };
    }
    let given = 0;
    const counted = Readable.from(
      (function* () {
        for (; given < 24; given += 1) yield DATA.subarray(0, MIB);
      })(),
      { objectMode: false, highWaterMark: 1 },
    );
    const writing = write(counted, stores);
    for (let turns = 0; turns < 200; turns += 1) await turn();
    expect(given).toBeGreaterThan(0);
    expect(given).toBeLessThan(10);
    gate.resolve();
    const { pieces, failures } = await writing;
    expect(failures.size).toBe(0);
    expect(pieces[0]?.sizeBytes).toBe(24 * MIB);
  });

  test("needs a repository", async () => {
    await expect(write(source(), [])).rejects.toThrow("no repository");
  });
});
