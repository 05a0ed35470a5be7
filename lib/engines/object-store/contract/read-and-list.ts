import { expect, test } from "vitest";
import { CancelledError } from "@/lib/kernel/errors";
import { systemNow } from "@/lib/kernel/time";
import { type Opened, all, failureOf, go, newKey, pattern, read } from "./store-under-test";

const MORE_THAN_A_PAGE = 1_050;

export function testReading(opened: Opened): void {
  test("reading what is not there is refused for good", async () => {
    const { store } = opened();
    expect(await failureOf(store.get(newKey(), go))).toMatchObject({ permanent: true });
    expect(await store.head(newKey(), go)).toBeNull();
  });

  test("a reader who goes away, or waits before he reads, does no harm", async () => {
    const { store } = opened();
    const key = newKey();
    const body = pattern(3 * 2 ** 20);
    await store.put(key, body, go);
    for await (const chunk of await store.get(key, go)) {
      expect((chunk as Buffer).length).toBeGreaterThan(0);
      break;
    }
    (await store.get(key, go)).destroy();
    expect((await read(store, key)).equals(body)).toBe(true);
  });

  test("an abort while it is read errors the stream; it never just ends", async () => {
    const { store } = opened();
    const key = newKey();
    await store.put(key, pattern(8 * 2 ** 20), go);
    const controller = new AbortController();
    const stream = await store.get(key, { signal: controller.signal });
    let size = 0;
    const reading = (async () => {
      for await (const chunk of stream) {
        size += (chunk as Buffer).length;
        controller.abort();
      }
    })();
    if (store.location === "memory") return expect(await reading).toBeUndefined(); // it was there at once
    await expect(reading).rejects.toBeInstanceOf(CancelledError);
    expect(size).toBeLessThan(8 * 2 ** 20);
  });
}

export function testListing(opened: Opened): void {
  test("lists what lies below a prefix, in the order of the keys' bytes, with sizes and times", async () => {
    const { store } = opened();
    const root = newKey();
    const names = [
      "b",
      "a/b",
      "a-b",
      "a.b",
      "a/c/d",
      "aé",
      "a/ünïcode ☂ 😀 + % ?&=#",
      "B",
      "a b",
      "a0",
      "\ufb01x",
      "😀y",
    ];
    for (const name of names) await store.put(`${root}/${name}`, Buffer.from(name), go);
    const listed = await all(store.list(`${root}/`, go));
    const sorted = names
      .map((name) => `${root}/${name}`)
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(listed.map(({ key }) => key)).toEqual(sorted);
    for (const { key, sizeBytes, modifiedAt } of listed) {
      const name = key.slice(root.length + 1);
      expect(sizeBytes).toBe(Buffer.byteLength(name));
      expect(Math.abs(modifiedAt.getTime() - systemNow().getTime())).toBeLessThan(60_000);
      expect((await read(store, key)).toString()).toBe(name);
    }
    const below = async (prefix: string) => (await all(store.list(`${root}/${prefix}`, go))).length;
    expect(await below("a/")).toBe(3);
    expect(await below("a")).toBe(8);
    expect(await below("a/c/")).toBe(1);
    expect(await below("a/c/d")).toBe(1);
    expect(await below("absent/")).toBe(0);
  });

  test("lists more than a page, each key once", async () => {
    const { store } = opened();
    const root = newKey();
    const keys = Array.from({ length: MORE_THAN_A_PAGE }, (_, index) => `${root}/${String(index).padStart(5, "0")}`);
    const waiting = [...keys];
    const work = async () => {
      for (let key = waiting.pop(); key !== undefined; key = waiting.pop())
        await store.replace(key, Buffer.from(key), go);
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect((await all(store.list(`${root}/`, go))).map(({ key }) => key)).toEqual(keys);
  });
}

export function testDeleting(opened: Opened): void {
  test("removes one object and nothing beside it, and succeeds when there is none", async () => {
    const { store } = opened();
    const root = newKey();
    for (const name of ["a", "a.sig", "b/c"]) await store.put(`${root}/${name}`, Buffer.from(name), go);
    for (let round = 0; round < 2; round += 1) await store.delete(`${root}/a`, go);
    await store.delete(`${root}/absent/one`, go);
    expect(await store.head(`${root}/a`, go)).toBeNull();
    expect(await failureOf(store.get(`${root}/a`, go))).toMatchObject({ permanent: true });
    expect((await all(store.list(`${root}/`, go))).map(({ key }) => key)).toEqual([`${root}/a.sig`, `${root}/b/c`]);
    await store.delete(`${root}/b/c`, go);
    await store.put(`${root}/b/d`, Buffer.from("again"), go);
    expect((await all(store.list(`${root}/b/`, go))).map(({ key }) => key)).toEqual([`${root}/b/d`]);
  });
}
