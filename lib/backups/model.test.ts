import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LinkFact, type LogFact, bestReach, mergeReaches, reachOf } from "./model";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 23, 0, minute));
const name = (number: number) => `binlog.${String(number).padStart(6, "0")}`;

const full = (change: Partial<LinkFact> = {}): LinkFact => ({
  backupId: "b",
  startedAt: at(0),
  endedAt: at(2),
  serverId: "1",
  incarnation: "x",
  position: { file: name(3), offset: 400 },
  ...change,
});
const log = (number: number, change: Partial<LogFact> = {}): LogFact => ({
  serverId: "1",
  incarnation: "x",
  file: name(number),
  nextFile: name(number + 1),
  startOffset: 0,
  endOffset: 1_000,
  firstAt: null,
  heartbeatAt: at(number * 10),
  ...change,
});
const bestOf = (links: LinkFact[], rows: LogFact[]) => bestReach(links.map((each) => reachOf(each, rows)));
const reach = (rows: LogFact[], change: Partial<LinkFact> = {}) => reachOf(full(change), rows).to;

describe("how far a full and its log reach", () => {
  test("is the newest heartbeat of the log that follows it, file after file", () => {
    expect(reachOf(full(), [log(3), log(4), log(5, { nextFile: null })])).toEqual({
      backupId: "b",
      from: at(2),
      to: at(50),
    });
  });

  test("without a log is its own beginning: its snapshot is not older", () => {
    expect(reachOf(full(), [])).toEqual({ backupId: "b", from: at(0), to: at(0) });
    expect(reach([log(3)], { position: null })).toEqual(at(0));
  });

  test("ends at a missing file", () => {
    expect(reach([log(3), log(5)])).toEqual(at(30));
  });

  test("ends at a file that is not there from its first byte", () => {
    expect(reach([log(3), log(4, { startOffset: 4 })])).toEqual(at(30));
  });

  test("is nothing when the file of its position does not hold the position yet, or not from the first byte", () => {
    expect(reach([log(3, { endOffset: 399 })])).toEqual(at(0));
    expect(reach([log(3, { endOffset: 400 })])).toEqual(at(30));
    expect(reach([log(3, { startOffset: 1 })])).toEqual(at(0));
    expect(reach([log(4), log(5)])).toEqual(at(0));
  });

  test("ends in the file that is still written", () => {
    expect(reach([log(3, { nextFile: null }), log(4)])).toEqual(at(30));
  });

  test("goes past six digits, by the name that the file before gives", () => {
    const rows = [log(999_999, { heartbeatAt: at(1) }), log(1_000_000, { nextFile: null, heartbeatAt: at(9) })];
    expect(reach(rows, { position: { file: name(999_999), offset: 4 } })).toEqual(at(9));
  });

  test("is not that of another server's log, or of another series, however its files are called", () => {
    expect(reach([log(3, { incarnation: "y" })])).toEqual(at(0));
    expect(reach([log(3, { serverId: "2" })])).toEqual(at(0));
    expect(reach([log(3)], { incarnation: "none" })).toEqual(at(0));
  });

  test("does not go back for a heartbeat that is older than the full, and needs none in every file", () => {
    expect(reach([log(3, { heartbeatAt: new Date(0) })])).toEqual(at(0));
    expect(reach([log(3, { heartbeatAt: null }), log(4)])).toEqual(at(40));
  });

  test("is never further with a hole than without, whatever is missing", () => {
    const rows = [3, 4, 5, 6].map((number) => log(number));
    fc.assert(
      fc.property(fc.subarray(rows), (there) => {
        const missing = rows.findIndex((row) => !there.includes(row));
        const last = missing === -1 ? rows.at(-1) : rows[missing - 1];
        expect(reach(there)).toEqual(last?.heartbeatAt ?? at(0));
      }),
    );
  });

  test("from several fulls is the one that comes nearest to now", () => {
    const older = full({ backupId: "older" });
    const newer = full({
      backupId: "newer",
      startedAt: at(35),
      endedAt: at(36),
      position: { file: name(9), offset: 4 },
    });
    expect(bestOf([newer, older], [log(3), log(4)])).toMatchObject({ backupId: "older", to: at(40) });
    expect(bestOf([newer, older], [log(3)])).toMatchObject({ backupId: "newer", to: at(35) });
    expect(bestOf([], [log(3)])).toBeNull();
  });
});

describe("the stretches of the recovery line", () => {
  const stretch = (from: number, to: number) => ({ backupId: "b", from: at(from), to: at(to) });

  test("are merged where they touch, and show every gap between", () => {
    expect(mergeReaches([stretch(30, 40), stretch(0, 10), stretch(10, 20), stretch(5, 8)])).toEqual([
      { from: at(0), to: at(20) },
      { from: at(30), to: at(40) },
    ]);
    expect(mergeReaches([])).toEqual([]);
  });

  test("cover exactly the minutes that some reach covers", () => {
    const reaches = fc.array(
      fc
        .tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 10 }))
        .map(([from, length]) => stretch(from, from + length)),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(reaches, (all) => {
        const merged = mergeReaches(all);
        for (let minute = 0; minute <= 60; minute += 1) {
          const inside = (each: { from: Date; to: Date }) => each.from <= at(minute) && at(minute) <= each.to;
          expect(merged.some(inside)).toBe(all.some(inside));
        }
        merged.slice(1).forEach((each, index) => expect(merged[index]?.to.getTime()).toBeLessThan(each.from.getTime()));
      }),
    );
  });

  test("leaves what it was given as it was", () => {
    const given = [stretch(0, 10), stretch(5, 20)];
    mergeReaches(given);
    expect(given).toEqual([stretch(0, 10), stretch(5, 20)]);
  });
});
