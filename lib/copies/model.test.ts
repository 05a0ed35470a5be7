import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ScoreFacts, scoreOf } from "./model";

const repository = (name: string, change: Partial<ScoreFacts["repositories"][number]> = {}) => ({
  name,
  medium: `s3 at ${name}`,
  site: name,
  isLockInForce: true,
  isLockKnown: true,
  ...change,
});
const GOOD: ScoreFacts = {
  repositories: [repository("primary"), repository("dr")],
  systems: [{ name: "database", site: "primary", holders: ["primary", "dr"], locked: ["dr"] }],
  errors: [],
  unproven: [],
};
const statesOf = (change: Partial<ScoreFacts>) =>
  Object.fromEntries(scoreOf({ ...GOOD, ...change }).map(({ id, state }) => [id, state]));
const system = (change: Partial<ScoreFacts["systems"][number]>) => {
  const [first] = GOOD.systems;
  return first ? [{ ...first, ...change }] : [];
};

describe("the score", () => {
  test("holds where everything was proven, and says why", () => {
    expect(scoreOf(GOOD).map(({ state, wanted }) => [wanted, state])).toEqual([
      [3, "yes"],
      [2, "yes"],
      [1, "yes"],
      [1, "yes"],
      [0, "yes"],
    ]);
  });

  test.each<[string, Partial<ScoreFacts>, ...[id: string, state: string]]>([
    ["one repository alone", { systems: system({ holders: ["dr"], locked: ["dr"] }) }, "copies", "no"],
    [
      "two buckets of one vendor",
      { repositories: [repository("primary", { medium: "s3" }), repository("dr", { medium: "s3" })] },
      "media",
      "no",
    ],
    [
      "no copy elsewhere",
      { repositories: [repository("primary"), repository("dr", { site: "primary" })] },
      "offsite",
      "no",
    ],
    [
      "an undeclared site",
      { repositories: [repository("primary"), repository("dr", { site: null })] },
      "offsite",
      "unknown",
    ],
    ["no locked copy", { systems: system({ locked: [] }) }, "immutable", "no"],
    [
      "a lock that nobody tried",
      { repositories: [repository("primary"), repository("dr", { isLockInForce: false, isLockKnown: false })] },
      "immutable",
      "unknown",
    ],
    [
      "a lock that is ignored",
      { repositories: [repository("primary"), repository("dr", { isLockInForce: false })] },
      "immutable",
      "no",
    ],
    ["an error in a proof", { errors: ["2 missing or damaged in dr"] }, "errors", "no"],
    ["something unproven", { unproven: ["dr was never checked"] }, "errors", "unknown"],
    ["nothing proven", { errors: null }, "errors", "unknown"],
  ])("does not hold with %s", (...[, change, id, state]) => {
    expect(statesOf(change)[id]).toBe(state);
  });

  test("of an estate that backs nothing up is not known", () => {
    const { errors, ...others } = statesOf({ systems: [], repositories: [], errors: null });
    expect(new Set(Object.values(others))).toEqual(new Set(["unknown"]));
    expect(errors).toBe("unknown");
  });

  test("is no better for one more system: the worst of them counts", () => {
    const names = fc.subarray(["primary", "dr"]);
    const systems = fc.array(
      fc.record({ name: fc.constantFrom("a", "b"), site: fc.constant("primary"), holders: names, locked: names }),
      { minLength: 1, maxLength: 4 },
    );
    const rank = { no: 0, unknown: 1, yes: 2 };
    fc.assert(
      fc.property(systems, systems, (some, more) => {
        const before = scoreOf({ ...GOOD, systems: some });
        const after = scoreOf({ ...GOOD, systems: [...some, ...more] });
        for (const [index, line] of after.entries()) {
          expect(rank[line.state]).toBeLessThanOrEqual(rank[before[index]?.state ?? "no"]);
        }
      }),
    );
  });
});
