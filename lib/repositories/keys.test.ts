import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  backupPrefix,
  formatSegmentName,
  logPrefix,
  manifestKey,
  parseCompactedName,
  parseSegmentName,
  signatureKey,
} from "./keys";

// A digest of digits alone is as likely as a hit by lightning on every day of a life.
const digest = fc.stringMatching(/^[0-9a-f]{63}[a-f]$/);
const file = fc
  .tuple(fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,20}$/), fc.integer({ min: 1, max: 2_000_000 }))
  .map(([base, number]) => `${base}.${String(number).padStart(6, "0")}`);
const segments = fc
  .tuple(file, fc.nat(), fc.nat(), digest)
  .map(([name, start, length, sha256]) => ({ file: name, start, end: start + length, sha256 }));
const extension = fc.constantFrom(".zst", ".zst.age");

describe("a segment's name", () => {
  test("gives back what it was made of, whatever the log file is called", () => {
    fc.assert(
      fc.property(segments, extension, (segment, end) => {
        expect(parseSegmentName(formatSegmentName(segment, end))).toEqual({
          ...segment,
          encrypted: end === ".zst.age",
        });
      }),
    );
  });

  test("is never taken for a closed log, and a closed log's never for a segment", () => {
    fc.assert(
      fc.property(segments, extension, (segment, end) => {
        const closed = `${segment.file}${end}`;
        expect(parseSegmentName(closed)).toBeNull();
        expect(parseCompactedName(closed)).toEqual({ file: segment.file, encrypted: end === ".zst.age" });
        expect(parseCompactedName(formatSegmentName(segment, end))).toBeNull();
      }),
    );
  });

  test.each([
    "binlog.000001.json",
    "binlog.000001.json.sig",
    "binlog.000001.0-100.zst.age",
    `binlog.000001.0-100.${"A".repeat(64)}.zst.age`,
    `binlog.000001.0-100.${"a".repeat(64)}.gz`,
    "README.md",
  ])("is not %s", (name) => {
    expect(parseSegmentName(name)).toBeNull();
    expect(parseCompactedName(name)).toBeNull();
  });
});

test("keys lie where the contract says", () => {
  expect(backupPrefix("database", "id")).toBe("systems/database/id/");
  expect(signatureKey(manifestKey("database", "id"))).toBe("systems/database/id/manifest.json.sig");
  expect(logPrefix({ system: "database", serverId: "1", incarnation: "ab" })).toBe("systems/database/log/1/ab/");
});
