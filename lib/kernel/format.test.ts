import { expect, test } from "vitest";
import { formatAge, formatBytes, formatDuration, formatTarget } from "./format";

test.each([
  [0, "0s"],
  [999, "999ms"],
  [59_000, "59s"],
  [252_000, "4m 12s"],
  [8_040_000, "2h 14m"],
  [90_000_000, "1d 1h"],
  [1_814_400_000, "21d"],
  [-4_000, "-4s"],
  [Number.NaN, "–"],
])("a duration of %d ms reads %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "0.977 KiB"],
  [1_023_900, "0.976 MiB"],
  [86_221_000_000, "80.3 GiB"],
])("%d bytes read %s, never as a power of ten", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [-5_000, "0s"],
  [59_999, "59s"],
  [1_920_000, "32m"],
  [43_200_000, "12h"],
  [1_814_400_000, "21d"],
])("an age of %d ms reads %s in one unit, and is never negative", (ms, text) => {
  expect(formatAge(ms)).toBe(text);
});

test.each([
  [0, "0s"],
  [900, "15m"],
  [5_400, "1h 30m"],
  [86_400, "24h"],
  [2_592_000, "30d"],
])("a target of %d seconds reads %s without zero parts", (seconds, text) => {
  expect(formatTarget(seconds)).toBe(text);
});
