import { describe, expect, test } from "vitest";
import type { RemovalView } from "@/lib/retention/schemas";
import { foldLines } from "./fold-lines";

const log = (number: number, change: Partial<RemovalView> = {}): RemovalView => ({
  kind: "log",
  repository: "primary",
  subject: `1/a/binlog.${number}`,
  title: `binlog.${number}`,
  at: `2026-11-0${number}T00:00:00Z`,
  reason: "old",
  sizeBytes: 10,
  isDue: true,
  notBefore: "2026-11-23T00:00:00Z",
  ...change,
});

describe("the lines of a plan", () => {
  test("hold log files of one reason as one, with their sum and their newest", () => {
    expect(foldLines([log(1), log(2), log(3)])).toMatchObject([
      { title: "binlog.1 to binlog.3", count: 3, sizeBytes: 30, at: "2026-11-03T00:00:00Z" },
    ]);
  });

  test("keep apart what another repository, reason or lock makes another line", () => {
    const lines = foldLines([
      log(1),
      log(2, { repository: "secondary" }),
      log(3, { reason: "begun" }),
      log(4, { isDue: false }),
    ]);
    expect(lines.map((line) => line.count)).toEqual([1, 1, 1, 1]);
  });

  test("keep every backup by itself", () => {
    const backup = { kind: "backup", title: "full" } as const;
    expect(foldLines([log(1, { ...backup, subject: "a" }), log(1, { ...backup, subject: "b" })])).toHaveLength(2);
  });
});
