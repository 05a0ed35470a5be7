import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StepCtx } from "@/lib/runs";
import { handOver } from "./hand-over";
import type { Recovery } from "./recovery";

const BEGIN = new Date("2026-11-23T10:00:00Z");
const DAY_MS = 24 * 3_600_000;

beforeEach(() => void vi.useFakeTimers({ now: BEGIN }));
afterEach(() => void vi.useRealTimers());

function setUp() {
  const exited = Promise.withResolvers<{ exitCode: number | null; message: string }>();
  const removeScratch = vi.fn(() => Promise.resolve(true));
  const leaveBehind = vi.fn(() => Promise.resolve());
  const server = { directory: "/s/1", optionFile: "/s/1/client.cnf", exited: () => exited.promise, leaveBehind };
  const recovery = { server, directory: "/s/1", engine: { removeScratch } } as unknown as Recovery;
  const log = { info: vi.fn(), warn: vi.fn() };
  const ctx = { now: () => new Date(), log, run: { id: "1" } } as unknown as StepCtx;
  return { ctx, recovery, removeScratch, leaveBehind, log, exit: () => exited.resolve({ exitCode: 0, message: "" }) };
}

describe("a throw-away server", () => {
  test("lives for a day, and the run's log says until when and how to get in", async () => {
    const { ctx, recovery, removeScratch } = setUp();
    const outcome = await handOver("scratch")(ctx, recovery);
    expect(outcome.summary).toContain("until 2026-11-24T10:00:00.000Z");
    expect(outcome.summary).toContain("mariadb --defaults-file=/s/1/client.cnf");
    expect(recovery.livesUntil).toEqual(new Date("2026-11-24T10:00:00Z"));
    await vi.advanceTimersByTimeAsync(DAY_MS - 1_000);
    expect(removeScratch).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(removeScratch).toHaveBeenCalledExactlyOnceWith("/s/1");
  });

  test("that a person shut down is removed at once, and only once", async () => {
    const { ctx, recovery, removeScratch, exit } = setUp();
    await handOver("scratch")(ctx, recovery);
    exit();
    await vi.advanceTimersByTimeAsync(0);
    expect(removeScratch).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(2 * DAY_MS);
    expect(removeScratch).toHaveBeenCalledOnce();
  });

  test("that cannot be removed is said, and harms nobody", async () => {
    const { ctx, recovery, removeScratch, log, exit } = setUp();
    removeScratch.mockRejectedValue(new Error("busy"));
    await handOver("scratch")(ctx, recovery);
    exit();
    await vi.advanceTimersByTimeAsync(0);
    expect(log.warn).toHaveBeenCalledOnce();
  });
});

test("a directory is left with its server stopped, for good", async () => {
  const { ctx, recovery, leaveBehind, removeScratch } = setUp();
  await handOver("dir:/s/1")(ctx, recovery);
  expect(leaveBehind).toHaveBeenCalledOnce();
  expect(recovery.leftAt).toEqual({ socket: null, port: null });
  await vi.advanceTimersByTimeAsync(2 * DAY_MS);
  expect(removeScratch).not.toHaveBeenCalled();
});
