import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ValidationError } from "@/lib/kernel/errors";
import { SEVERITIES } from "./events";
import {
  type AuditQuery,
  type QueryTerm,
  boundsOf,
  formatAuditQuery,
  formatTerm,
  parseAuditQuery,
  severitiesOf,
} from "./query";

const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);
const anyText = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.trim() !== "");

const term: fc.Arbitrary<QueryTerm> = fc.oneof(
  fc.record({
    field: fc.constant("action" as const),
    comparison: fc.constant("=" as const),
    value: fc.oneof(
      fc.tuple(name, name).map((parts) => parts.join(".")),
      name.map((prefix) => `${prefix}.*`),
    ),
    isExcluded: fc.boolean(),
  }),
  fc.record({
    field: fc.constant("severity" as const),
    comparison: fc.constantFrom("=" as const, ">=" as const, ">" as const, "<=" as const, "<" as const),
    value: fc.constantFrom(...SEVERITIES),
    isExcluded: fc.boolean(),
  }),
  fc.record({
    field: fc.constant("entity" as const),
    comparison: fc.constant("=" as const),
    value: fc.tuple(name, anyText).map(([type, id]) => `${type}/${id.replaceAll("\n", " ")}`),
    isExcluded: fc.boolean(),
  }),
  fc.record({
    field: fc.constantFrom("actor" as const, "ip" as const, "correlation" as const),
    comparison: fc.constant("=" as const),
    value: anyText,
    isExcluded: fc.boolean(),
  }),
);

const query: fc.Arbitrary<AuditQuery> = fc.record({
  terms: fc.uniqueArray(term, { maxLength: 8, selector: formatTerm }),
  from: fc.constantFrom(null, "2026-03-16", "2026-03-16T12:00:00Z", "-24h"),
  to: fc.constantFrom(null, "2026-12-31", "2026-12-31T12:00:00+02:00"),
});

const messageOf = (text: string): string => {
  try {
    parseAuditQuery(text);
  } catch (error) {
    if (error instanceof ValidationError) return error.message;
  }
  return "accepted";
};

describe("the query grammar", () => {
  it("reads back every query that it writes", () => {
    fc.assert(
      fc.property(query, (value) => {
        expect(parseAuditQuery(formatAuditQuery(value))).toEqual(value);
      }),
    );
  });

  it("answers any text with a query or a ValidationError", () => {
    const pieces = fc.constantFrom(
      "action:",
      "-",
      '"',
      "\\",
      "severity:>=",
      "high",
      "actor:a",
      " ",
      "from:",
      "\u0000",
      "é",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((parts) => parts.join("")),
        ),
        (text) => {
          try {
            const first = parseAuditQuery(text);
            expect(parseAuditQuery(formatAuditQuery(first))).toEqual(first);
          } catch (error) {
            expect(error).toBeInstanceOf(ValidationError);
          }
        },
      ),
    );
  });

  it("reads fields, comparisons, exclusions, quotes and bounds", () => {
    expect(
      parseAuditQuery(
        'action:client.*  severity:>=high -actor:"Ann \\"A\\" Weiss" entity:client/4711 from:2026-03-01 to:-1h',
      ),
    ).toEqual({
      terms: [
        { field: "action", comparison: "=", value: "client.*", isExcluded: false },
        { field: "severity", comparison: ">=", value: "high", isExcluded: false },
        { field: "actor", comparison: "=", value: 'Ann "A" Weiss', isExcluded: true },
        { field: "entity", comparison: "=", value: "client/4711", isExcluded: false },
      ],
      from: "2026-03-01",
      to: "-1h",
    });
  });

  it("keeps a term once that is written twice", () => {
    expect(parseAuditQuery("action:user.login action:user.login").terms).toHaveLength(1);
  });

  it.each([
    ["failed", '"failed" has no field: words are not searched, only fields are'],
    ["colour:red", '"colour" is not a field'],
    ["action:", "has no value"],
    ['actor:""', "empty value"],
    ["action:>=backup.failed", "only a severity can be compared"],
    ["severity:grave", '"grave" is not a severity: expected info, warning, high, critical'],
    ['action:"Backup Failed"', "is not an action"],
    ["action:*.failed", "is not an action"],
    ["entity:/4711", "is not an entity"],
    ["from:yesterday", "is not a time"],
    ["from:2026-03-16T12:00:00", "is not a time"],
    ["from:2026-02-30", "is not a time"],
    ["-from:2026-03-16", "expected from:TIME"],
    ["from:2026-03-16 from:2026-03-17", '"from" is given twice'],
    ['actor:"ann', "has no value that can be read"],
    [`actor:${"a".repeat(2_001)}`, "longer than 2000 characters"],
    [Array.from({ length: 51 }, (_, i) => `actor:a${i}`).join(" "), "more than 50 terms"],
  ])("refuses %s by name, so that a slip is not an empty answer", (text, message) => {
    expect(messageOf(text)).toContain(message);
  });
});

describe("severities of a term", () => {
  it.each([
    ["=", ["high"]],
    [">=", ["high", "critical"]],
    [">", ["critical"]],
    ["<=", ["info", "warning", "high"]],
    ["<", ["info", "warning"]],
  ] as const)("%s high", (comparison, expected) => {
    expect(severitiesOf({ comparison, value: "high" })).toEqual(expected);
  });
});

describe("bounds", () => {
  const now = new Date("2026-11-23T03:14:07Z");

  it("take a date as its whole day in UTC", () => {
    expect(boundsOf({ from: "2026-03-16", to: "2026-03-20" }, now)).toEqual({
      from: new Date("2026-03-16T00:00:00Z"),
      to: new Date("2026-03-21T00:00:00Z"),
    });
  });

  it("take an instant as it is and a duration back from now", () => {
    expect(boundsOf({ from: "-24h", to: "2026-11-23T02:00:00+01:00" }, now)).toEqual({
      from: new Date("2026-11-22T03:14:07Z"),
      to: new Date("2026-11-23T01:00:00Z"),
    });
  });

  it("are open where nothing is said", () => {
    expect(boundsOf({ from: null, to: null }, now)).toEqual({ from: null, to: null });
  });

  it("are refused when they hold nothing or are not times", () => {
    expect(() => boundsOf({ from: "2026-03-17", to: "2026-03-16" }, now)).toThrow(
      '"2026-03-16" is not after "2026-03-17"',
    );
    expect(() => boundsOf({ from: "soon", to: null }, now)).toThrow("is not a time");
    expect(() => boundsOf({ from: "-soon", to: null }, now)).toThrow("is not a time");
  });
});
