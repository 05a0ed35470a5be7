import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ALERT_RULES,
  ATTEMPTS_MAX,
  delayAfter,
  higherLevel,
  keyOf,
  raisedSeverity,
  stateOf,
  titleOf,
  worstDelivery,
} from "./model";
import { ALERT_KINDS, DELIVERY_STATES } from "./schemas";

test("every kind says what happened to which system", () => {
  const title = (kind: (typeof ALERT_KINDS)[number]) =>
    titleOf({ kind, type: "full", level: "restore", systemTitle: "Database" });
  expect(ALERT_KINDS.map(title)).toEqual([
    "Database: full backup failed",
    "Database: full backup missed",
    "Database: full backup lacks a copy",
    "Database: verification failed at level restore",
    "Database: gap in the log",
  ]);
});

test("an overdue task makes every alert graver, and nothing is graver than critical", () => {
  for (const { severity } of Object.values(ALERT_RULES)) expect(raisedSeverity(severity)).not.toBe(severity);
  expect(raisedSeverity("high")).toBe("critical");
  expect(raisedSeverity("critical")).toBe("critical");
});

test("tries go on for more than an hour, never closer than the one before, and then end", () => {
  const delays = Array.from({ length: ATTEMPTS_MAX - 1 }, (_, index) => delayAfter(index + 1) ?? Number.NaN);
  expect(delays.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(3_600_000);
  expect(delays).toEqual(delays.toSorted((one, other) => one - other));
  expect(delayAfter(ATTEMPTS_MAX)).toBeNull();
});

test("a condition is one by kind, system and type; a verification by its system", () => {
  const of = (type: string | null) => ({ systemId: "s", type });
  expect(keyOf({ kind: "backup-failed", ...of(null) })).toBe(keyOf({ kind: "backup-failed", ...of("full") }));
  expect(keyOf({ kind: "backup-failed", ...of("log") })).not.toBe(keyOf({ kind: "backup-failed", ...of("full") }));
  expect(keyOf({ kind: "verification-failed", ...of("log") })).toBe(
    keyOf({ kind: "verification-failed", ...of(null) }),
  );
});

test("the higher level stays, and one that is not known is the lowest", () => {
  expect(higherLevel("object", "replay")).toBe("replay");
  expect(higherLevel("replay", "restore")).toBe("replay");
  expect(higherLevel(null, "object")).toBe("object");
});

test("resolved wins over acknowledged", () => {
  const at = new Date(0);
  expect(stateOf({ acknowledgedAt: null, resolvedAt: null })).toBe("open");
  expect(stateOf({ acknowledgedAt: at, resolvedAt: null })).toBe("acknowledged");
  expect(stateOf({ acknowledgedAt: at, resolvedAt: at })).toBe("resolved");
});

test("one delivery that did not arrive is never hidden by others that did", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...DELIVERY_STATES)), (states) => {
      const worst = worstDelivery(states);
      if (states.length === 0) expect(worst).toBeNull();
      else if (worst === "delivered") expect(new Set(states)).toEqual(new Set(["delivered"]));
      else expect(states).toContain(worst);
    }),
  );
});
