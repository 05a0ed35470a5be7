import { describe, expect, test } from "vitest";
import { type StoredLog, closedChain, reachesPosition } from "./log-progress";

const row = (number: number, change: Partial<StoredLog> = {}): StoredLog => ({
  repositoryId: "r",
  file: `binlog.${String(number).padStart(6, "0")}`,
  nextFile: `binlog.${String(number + 1).padStart(6, "0")}`,
  startOffset: 0n,
  endOffset: 1_000n,
  firstGtid: null,
  lastGtid: null,
  lastAt: null,
  compactedAt: new Date(0),
  ...change,
});
const range = { first: "binlog.000002", end: "binlog.000004" };

describe("the closed log between two files", () => {
  test("is every file of it, in order", () => {
    const chain = closedChain([row(1), row(2), row(3), row(4, { nextFile: null })], range);
    expect(chain?.map(({ file }) => file)).toEqual(["binlog.000002", "binlog.000003"]);
  });

  test.each([
    ["a file is missing", [row(2)]],
    ["a file is still in segments", [row(2), row(3, { compactedAt: null })]],
    ["a file is open", [row(2), row(3, { nextFile: null })]],
    ["a file does not begin at its first byte", [row(2, { startOffset: 4n }), row(3)]],
    ["it goes on past the end", [row(2, { nextFile: "binlog.000005" })]],
  ])("is not there while %s", (_name, rows) => {
    expect(closedChain(rows, range)).toBeNull();
  });
});

describe("a log up to a position", () => {
  const end = { file: "binlog.000003", offset: 500 };

  test("is there when its last file reaches so far, and every file before it goes on in the next", () => {
    expect(reachesPosition([row(2), row(3, { nextFile: null, endOffset: 500n })], { first: range.first, end })).toBe(
      true,
    );
  });

  test.each([
    ["its last file is shorter", [row(2), row(3, { nextFile: null, endOffset: 499n })]],
    ["its last file is missing", [row(2)]],
    ["an earlier file is still open", [row(2, { nextFile: null }), row(3)]],
    ["nothing is stored", []],
  ])("is not there while %s", (_name, rows) => {
    expect(reachesPosition(rows, { first: range.first, end })).toBe(false);
  });
});
