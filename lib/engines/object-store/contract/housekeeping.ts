import { expect, test } from "vitest";
import { systemNow } from "@/lib/kernel/time";
import { type Opened, failureOf, go, newKey, read } from "./store-under-test";

export function testUnfinished(opened: Opened): void {
  test("removes what uploads that never ended left behind, when it is old enough, and no object", async () => {
    const { store, leaveUnfinished, countUnfinished } = opened();
    const key = newKey();
    await store.put(key, Buffer.from("whole"), go);
    await leaveUnfinished?.();
    const left = leaveUnfinished ? 1 : 0;
    const hour = 3_600_000;
    expect(await countUnfinished()).toBe(left);
    expect(await store.abortUnfinishedUploads(new Date(systemNow().getTime() - hour), go)).toBe(0);
    expect(await countUnfinished()).toBe(left);
    expect(await store.abortUnfinishedUploads(new Date(systemNow().getTime() + hour), go)).toBe(left);
    expect(await countUnfinished()).toBe(0);
    expect((await read(store, key)).toString()).toBe("whole");
  });
}

export function testKeys(opened: Opened): void {
  test("refuses keys that could lead out of the store or that another store could not hold", async () => {
    const { store } = opened();
    const bad = [
      "",
      "/",
      "/a",
      "a/",
      "a//b",
      ".",
      "..",
      "../a",
      "a/../../b",
      "a/./b",
      "a\u0000b",
      "a\nb",
      "\ud800",
      "x".repeat(256),
    ];
    const long = Array.from({ length: 6 }, () => "x".repeat(200)).join("/");
    for (const key of [...bad, long]) {
      for (const call of [
        () => store.put(key, Buffer.from("x"), go),
        () => store.replace(key, Buffer.from("x"), go),
        () => store.get(key, go),
        () => store.head(key, go),
        () => store.delete(key, go),
      ]) {
        expect(await failureOf(call()), JSON.stringify(key)).toMatchObject({ permanent: true });
      }
    }
  });
}

export function testAnswers(opened: Opened): void {
  test("tells where it is and what it can do", async () => {
    const { store } = opened();
    const facts = await store.inspect(go);
    expect(facts.location).toBe(store.location);
    expect(["on", "off"]).toContain(facts.versioning);
    expect(["on", "off"]).toContain(facts.objectLock);
  });
}
