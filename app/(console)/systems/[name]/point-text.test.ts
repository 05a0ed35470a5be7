import { expect, test } from "vitest";
import { readPoint } from "./point-text";

const read = (typed: string) => readPoint(typed, Date.parse("2026-11-23T03:14:07Z"));

test("nothing typed is the newest point", () => {
  expect(read(" ")).toEqual({ kind: "latest", point: "latest" });
});

test.each([
  ["2026-11-23 02:41:15 UTC", "2026-11-23T02:41:15.000Z"],
  ["2026-11-23T02:41:15.250Z", "2026-11-23T02:41:15.250Z"],
  ["2026-11-23T04:41+02:00", "2026-11-23T02:41:00.000Z"],
  ["yesterday 14:05 UTC", "2026-11-22T14:05:00.000Z"],
  ["today 02:41:15 utc", "2026-11-23T02:41:15.000Z"],
  ["02:41Z", "2026-11-23T02:41:00.000Z"],
])("%s is sent as an RFC 3339 time", (typed, point) => {
  expect(read(typed)).toEqual({ kind: "time", point, ms: Date.parse(point) });
});

test("a time without a zone is refused: it would mean another instant elsewhere", () => {
  const refused = read("2026-11-23 02:41:15");
  expect(refused).toMatchObject({
    kind: "bad",
    reason: expect.stringContaining('"2026-11-23 02:41:15 UTC"') as string,
  });
  expect(read("yesterday 14:05").kind).toBe("bad");
});

test("a time that does not exist is refused", () => {
  expect(read("2026-13-45 02:41:15 UTC").kind).toBe("bad");
});

test.each(["gtid:0-1-4711", "before-gtid:0-1-4711"])("%s is a transaction", (typed) => {
  expect(read(typed)).toEqual({ kind: "gtid", point: typed });
});
