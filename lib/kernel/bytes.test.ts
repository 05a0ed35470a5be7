import { expect, test } from "vitest";
import { parseBytes } from "./bytes";

test.each([
  ["10MB", 10_000_000],
  ["10MiB", 10_485_760],
  ["1.5GB", 1_500_000_000],
  ["2 TiB", 2 * 2 ** 40],
  ["512", 512],
  ["512B", 512],
  ["3kb", 3_000],
  ["3KIB", 3_072],
])("%s is %d bytes", (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(["", "MB", "-1MB", "1,5GB", "10 megabytes", "10M", "10i", "1e3", "0x10"])("%j is no size", (text) => {
  expect(parseBytes(text)).toBeNull();
});
