import { expect, test } from "vitest";
import type { LockProbe } from "@/lib/engines/object-store/port";
import { openMemoryStore } from "@/lib/engines/object-store/memory/engine";
import { judgeLock, verdictOf } from "./try-lock";

const now = new Date("2026-11-23T10:00:00Z");
const later = new Date("2026-12-23T10:00:00Z");
const held: LockProbe = { way: "single", lockedUntil: later, deletion: "refused", bypass: "refused" };
const verdict = (change: Partial<LockProbe>) => verdictOf([held, { ...held, way: "parts", ...change }], now).state;

test("a lock is in force only when each of our own attempts was refused, and the store says until when", () => {
  expect(verdict({})).toBe("in-force");
  expect(verdict({ deletion: "done", bypass: "done" })).toBe("ignored");
  expect(verdict({ lockedUntil: null })).toBe("ignored");
  expect(verdict({ lockedUntil: now })).toBe("ignored");
  expect(verdict({ bypass: "done" })).toBe("bypassable");
});

test("what was stored in parts and is not held is named", () => {
  const { message } = verdictOf([held, { ...held, way: "parts", deletion: "done", bypass: "done" }], now);
  expect(message).toBe("an object stored in parts was deleted though it was locked");
});

test("a store that locks nothing has no lock to be tried", async () => {
  const { signal } = new AbortController();
  expect(await judgeLock(openMemoryStore(), { now, signal })).toMatchObject({ state: "none" });
});
