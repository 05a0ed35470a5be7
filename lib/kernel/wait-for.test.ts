import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { waitFor } from "./wait-for";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("waits for its time, and leaves nothing behind at the signal", async () => {
  const controller = new AbortController();
  const ended = vi.fn();
  void waitFor(1_000, controller.signal).then(ended);
  await vi.advanceTimersByTimeAsync(999);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(ended).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});

test("ends at once when the signal comes, or has come", async () => {
  const controller = new AbortController();
  const waiting = waitFor(1_000_000, controller.signal);
  controller.abort();
  await waiting;
  await waitFor(1_000_000, controller.signal);
  expect(vi.getTimerCount()).toBe(0);
});
