import { expect, test } from "vitest";
import { formatInstant, formatNear, isZone, zoneName } from "./instant";

const AT = Date.parse("2026-09-03T03:04:07.081Z");

test("an instant is written the same in every form, whatever zone the machine has", () => {
  expect(formatInstant(AT, "full", "UTC")).toBe("2026-09-03 03:04:07 UTC");
  expect(formatInstant(AT, "millis", "UTC")).toBe("2026-09-03 03:04:07.081 UTC");
  expect(formatInstant(AT, "day-time", "UTC")).toBe("3 Sep 03:04:07");
  expect(formatInstant(AT, "weekday", "UTC")).toBe("Thu 3 Sep");
});

test("a named zone moves the day with the hour", () => {
  expect(formatInstant(AT, "day-minute", "America/New_York")).toBe("2 Sep 23:04");
  expect(zoneName(AT, "Asia/Kolkata")).toMatch(/5:30|IST/);
});

test("midnight is 00, not 24", () => {
  expect(formatInstant(Date.parse("2026-11-23T00:00:00Z"), "time", "UTC")).toBe("00:00:00");
});

test("a time on another day carries its day", () => {
  const now = Date.parse("2026-11-23T03:14:07Z");
  expect(formatNear(Date.parse("2026-11-23T04:00:00Z"), now, "UTC")).toBe("04:00");
  expect(formatNear(Date.parse("2026-11-24T02:00:00Z"), now, "UTC")).toBe("24 Nov 02:00");
});

test("only a zone that exists is a zone", () => {
  expect(isZone("Europe/Berlin")).toBe(true);
  expect(isZone("Mars/Olympus")).toBe(false);
});
