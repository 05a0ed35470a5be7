import { PassThrough, Readable } from "node:stream";
import { expect, test } from "vitest";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { systemNow } from "@/lib/kernel/time";
import { type Opened, aDumpThatFailed, all, failureOf, go, newKey, read, stalling } from "./store-under-test";

export function testBrokenPuts(opened: Opened): void {
  const sizes: [string, number][] = [
    ["before the first byte", 0],
    ["in the first part", 1_000_000],
    ["after the first part", 40 * 2 ** 20],
  ];

  test.each(sizes)(
    "an abort %s leaves no object and nothing unfinished, and closes the source",
    async (_name, size) => {
      const { store, countUnfinished } = opened();
      const key = newKey();
      const controller = new AbortController();
      const source = stalling(size, () => controller.abort());
      const error = await store.put(key, source, { signal: controller.signal }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(CancelledError);
      expect(source.destroyed).toBe(true);
      expect(await store.head(key, go)).toBeNull();
      expect(await countUnfinished()).toBe(0);
    },
  );

  test.each(sizes)("a source that fails %s leaves no object and nothing unfinished", async (_name, size) => {
    const { store, countUnfinished } = opened();
    for (const cause of [aDumpThatFailed(), new Error("no error of ours"), undefined]) {
      const key = newKey();
      const source: Readable = stalling(size, () => source.destroy(cause));
      const error = await failureOf(store.put(key, source, go));
      if (cause instanceof EngineError) expect(error).toBe(cause);
      else expect(error.message).toContain("broke off");
      expect(await store.head(key, go)).toBeNull();
    }
    expect(await countUnfinished()).toBe(0);
  });

  test("a source that failed before it was asked for its bytes is a failure too", async () => {
    const { store } = opened();
    const key = newKey();
    const cause = aDumpThatFailed();
    const source = new PassThrough();
    const put = store.put(key, source, go);
    source.destroy(cause);
    expect(await failureOf(put)).toBe(cause);
    expect(await failureOf(store.put(key, source, go))).toBe(cause);
    expect(await store.head(key, go)).toBeNull();
  });

  test("a put may be repeated after a failure", async () => {
    const { store } = opened();
    const key = newKey();
    const source: Readable = stalling(1_000_000, () => source.destroy(aDumpThatFailed()));
    await failureOf(store.put(key, source, go));
    await store.put(key, Readable.from([Buffer.from("whole")]), go);
    expect((await read(store, key)).toString()).toBe("whole");
  });
}

export function testAbandonedCalls(opened: Opened): void {
  test("nothing is done once the signal is aborted", async () => {
    const { store } = opened();
    const aborted = { signal: AbortSignal.abort() };
    const key = newKey();
    await store.put(key, Buffer.from("stays"), go);
    const source = Readable.from([Buffer.from("x")]);
    const calls = [
      () => store.put(newKey(), source, aborted),
      () => store.put(newKey(), Buffer.from("x"), aborted),
      () => store.replace(key, Buffer.from("x"), aborted),
      () => store.get(key, aborted),
      () => store.head(key, aborted),
      () => all(store.list("", aborted)),
      () => store.delete(key, aborted),
      () => store.abortUnfinishedUploads(systemNow(), aborted),
      () => store.inspect(aborted),
    ];
    for (const call of calls) await expect(call()).rejects.toBeInstanceOf(CancelledError);
    expect(source.destroyed).toBe(true);
    expect((await read(store, key)).toString()).toBe("stays");
  });
}
