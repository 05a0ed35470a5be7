import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { diffConfiguration } from "./diff-configuration";

test("names each leaf that differs, with what it was and is", () => {
  const before = { systems: { database: { rto: "2h", rpo: "15m" } }, keys: { recipients: ["a"] } };
  const after = { systems: { database: { rto: "1h", rpo: "15m", owner: "dba" } }, keys: { recipients: ["a", "b"] } };
  expect(diffConfiguration(before, after)).toEqual([
    { path: "systems.database.rto", before: "2h", after: "1h" },
    { path: "systems.database.owner", before: null, after: "dba" },
    { path: "keys.recipients", before: ["a"], after: ["a", "b"] },
  ]);
});

test("names each leaf of what came and of what went", () => {
  expect(diffConfiguration({}, { a: { b: 1, c: 2 } }).map(({ path }) => path)).toEqual(["a.b", "a.c"]);
  expect(diffConfiguration({ a: { b: 1 } }, {})).toEqual([{ path: "a.b", before: 1, after: null }]);
  expect(diffConfiguration({ a: { b: 1 } }, { a: 1 })).toEqual([{ path: "a.b", before: 1, after: null }]);
});

test("says when systems changed places, and nothing of the order of anything else", () => {
  const before = { systems: { a: 1, b: 2, c: 3 }, variables: { X: 1, Y: 2 } };
  const after = { variables: { Y: 2, X: 1 }, systems: { b: 2, a: 1, c: 3 } };
  expect(diffConfiguration(before, after)).toEqual([
    { path: "systems", before: ["a", "b", "c"], after: ["b", "a", "c"] },
  ]);
  expect(diffConfiguration(before, { ...before, systems: { a: 1, c: 3 } }).map(({ path }) => path)).toEqual([
    "systems.b",
  ]);
});

test("finds nothing between equal documents, and something between all others", () => {
  const key = fc.stringMatching(/^[a-z]{1,4}$/);
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 }));
  const document = fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf, { minKeys: 1, noNullPrototype: true })));
  fc.assert(
    fc.property(document, document, (one, other) => {
      expect(diffConfiguration(one, structuredClone(one))).toEqual([]);
      expect(diffConfiguration(one, other).length === 0).toBe(isDeepStrictEqual({ ...one }, { ...other }));
    }),
  );
});
