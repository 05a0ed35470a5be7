import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addWrite, concludeTally, emptyTally } from "./witness";

const BROKEN_AT = 1_000_000;

/** Writes as [acknowledgedAt, isRecovered], in the order of the journal. */
const judge = (writes: readonly (readonly [number, boolean])[]) =>
  concludeTally(
    writes.reduce(
      (tally, [acknowledgedAt, isRecovered], index) =>
        addWrite(tally, { token: `t${index}`, acknowledgedAt }, isRecovered),
      emptyTally(),
    ),
    BROKEN_AT,
  );

describe("the witness", () => {
  it("counts what was acknowledged, what came back and what was lost", () => {
    const report = judge([
      [994_000, true],
      [996_000, true],
      [997_000, false],
      [998_000, false],
    ]);
    expect(report).toMatchObject({ acknowledgedWrites: 4, recoveredWrites: 2, lostWrites: 2, hole: null });
  });

  it("measures the RPO from the disruption back to the newest recovered write", () => {
    expect(
      judge([
        [994_000, true],
        [996_500, true],
        [999_000, false],
      ]).rpoActualSeconds,
    ).toBe(3.5);
  });

  it("takes the newest recovered write by its acknowledgement, not by its place in the journal", () => {
    const report = judge([
      [996_000, true],
      [995_990, true],
    ]);
    expect(report.newestRecovered).toEqual({ token: "t0", acknowledgedAt: 996_000 });
  });

  it("fails when a write is missing that was acknowledged half a second before one that came back", () => {
    expect(
      judge([
        [995_500, false],
        [996_000, true],
      ]).hole,
    ).toMatch(/a hole is not a tail: order t0 was acknowledged 500 ms before/);
  });

  it("lets writers overlap by less than half a second", () => {
    expect(
      judge([
        [995_501, false],
        [996_000, true],
      ]).hole,
    ).toBeNull();
  });

  it("fails when acknowledged writes exist and none came back", () => {
    expect(judge([[995_000, false]])).toMatchObject({
      rpoActualSeconds: null,
      hole: "no acknowledged write came back",
    });
  });

  it("claims nothing when nothing was written", () => {
    expect(judge([])).toMatchObject({ acknowledgedWrites: 0, rpoActualSeconds: null, hole: null });
  });

  it("finds exactly the holes that a look at all writes at once finds", () => {
    const writes = fc.array(fc.tuple(fc.integer({ min: 990_000, max: 999_999 }), fc.boolean()), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(writes, (list) => {
        const newest = Math.max(...list.filter(([, isRecovered]) => isRecovered).map(([at]) => at));
        const hasHole = list.some(([at, isRecovered]) => !isRecovered && !(at > newest - 500)) || newest === -Infinity;
        expect(judge(list).hole !== null).toBe(hasHole);
      }),
    );
  });
});
