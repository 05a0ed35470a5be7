import { afterEach, expect, test, vi } from "vitest";
import { honestSize, isFullRun } from "./size";

afterEach(() => vi.unstubAllEnvs());

test("a spec runs at its small size unless a full run asks for the other one", () => {
  vi.stubEnv("HOLDFAST_FULL", "");
  expect(honestSize(2, 50)).toBe(2);
  vi.stubEnv("HOLDFAST_FULL", "1");
  expect(honestSize(2, 50)).toBe(50);
});

test("only the value 1 means a full run", () => {
  expect(isFullRun({ NODE_ENV: "test", HOLDFAST_FULL: "0" })).toBe(false);
  expect(isFullRun({ NODE_ENV: "test", HOLDFAST_FULL: "1" })).toBe(true);
});
