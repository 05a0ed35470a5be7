import { describe, expect, test } from "vitest";
import { type CoverageRow, logNumber, newestRow, positionAfter, resumeAfter } from "./log-position";

const row = (number: number, change: Partial<CoverageRow> = {}): CoverageRow => ({
  serverId: "1",
  incarnation: "x",
  file: `binlog.${String(number).padStart(6, "0")}`,
  fileId: `id-${number}`,
  nextFile: null,
  endOffset: 500n,
  ...change,
});

describe("where the log goes on", () => {
  test("is the end of the file that is written, or the beginning of the next when it is closed", () => {
    expect(positionAfter(row(3))).toEqual({ file: "binlog.000003", offset: 500 });
    expect(positionAfter(row(3, { nextFile: "binlog.000004" }))).toEqual({ file: "binlog.000004", offset: 0 });
  });

  test("counts files by their number, not by their letters", () => {
    expect(logNumber("my-server.log.000042")).toBe(42);
    expect(newestRow([row(999_999), row(1_000_000), row(7)])?.file).toBe("binlog.1000000");
    expect(newestRow([])).toBeUndefined();
  });

  test("for the collector is after the newest that any repository has, with the identity of that file", () => {
    expect(resumeAfter([row(3), row(4, { endOffset: 10n }), row(4, { endOffset: 90n, fileId: "newest" })])).toEqual({
      file: "binlog.000004",
      offset: 90,
      serverId: "1",
      incarnation: "x",
      fileId: "newest",
    });
    expect(resumeAfter([])).toBeNull();
  });

  test("at the beginning of a file has no identity to compare", () => {
    expect(resumeAfter([row(3, { nextFile: "binlog.000004" })])).toMatchObject({
      file: "binlog.000004",
      offset: 0,
      fileId: null,
    });
  });
});
