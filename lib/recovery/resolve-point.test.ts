import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LogTransaction } from "@/lib/engines/database/port";
import { EngineError } from "@/lib/kernel/errors";
import { formatPoint, isFullBefore, parsePoint } from "./point";
import { type PointBase, type ResolvedPoint, resolvePoint } from "./resolve-point";

const T0 = Date.parse("2026-11-23T12:00:00Z");
const at = (ms: number) => new Date(T0 + ms);
const base: PointBase = { gtid: "0-1-100", file: "binlog.000003", offset: 400, startedAt: at(-2_000), endedAt: at(0) };

/** Transaction `n` of domain 0, 100 bytes long; `beat` is the heartbeat's time, `event` the event time in ms. */
function transaction(n: number, times: { beat?: number; event?: number }): LogTransaction {
  const event = times.event ?? times.beat ?? 0;
  return {
    gtid: `0-1-${n}`,
    file: "binlog.000003",
    offset: 400 + (n - 101) * 100,
    endOffset: 400 + (n - 100) * 100,
    at: new Date(Math.floor((T0 + event) / 1_000) * 1_000),
    heartbeat: times.beat === undefined ? null : { seq: BigInt(n), at: at(times.beat) },
    changesSchema: false,
    transactional: true,
  };
}

async function* log(items: readonly LogTransaction[], end?: Error): AsyncGenerator<LogTransaction> {
  for (const item of items) yield await Promise.resolve(item);
  if (end) throw end;
}

function resolve(point: string, items: readonly LogTransaction[], end?: Error): Promise<ResolvedPoint> {
  return resolvePoint(parsePoint(point), { base, transactions: log(items, end) });
}

function endOf(resolved: ResolvedPoint): string | null {
  if (resolved.kind === "refused") throw new Error(resolved.message);
  return resolved.end.gtid;
}

// Beats at 1 s, 2 s, 3 s with work between; 104 is an autocommit statement stamped before it committed.
const busy = [
  transaction(101, { beat: 1_000 }),
  transaction(102, { event: 1_400 }),
  transaction(103, { beat: 2_000 }),
  transaction(104, { event: -3_000 }),
  transaction(105, { event: 2_900 }),
  transaction(106, { beat: 3_000 }),
  transaction(107, { event: 3_100 }),
];
const quiet = [
  transaction(101, { event: 1_000 }),
  transaction(102, { event: 3_000 }),
  transaction(103, { event: 2_000 }),
];

describe("a time", () => {
  test("ends before the first heartbeat stamped after it, whatever the event times say", async () => {
    const resolved = await resolve(at(2_500).toISOString(), busy);
    expect(resolved).toEqual({
      kind: "reached",
      end: { gtid: "0-1-105", file: "binlog.000003", offset: 900 },
      restoredTo: {
        time: at(2_000).toISOString(),
        gtid: "0-1-105",
        file: "binlog.000003",
        offset: 900,
        resolutionMs: 1_000,
        next: { gtid: "0-1-106", time: at(3_000).toISOString() },
      },
    });
  });

  test("includes the heartbeat stamped with it", async () => {
    expect(endOf(await resolve(at(2_000).toISOString(), busy))).toBe("0-1-105");
    expect(endOf(await resolve(at(1_999).toISOString(), busy))).toBe("0-1-102");
  });

  test("is reached up to the last heartbeat in the log and refused after it, with that one as the nearest", async () => {
    expect(endOf(await resolve(at(3_000).toISOString(), busy))).toBe("0-1-107");
    const refused = await resolve(at(3_001).toISOString(), busy);
    expect(refused).toMatchObject({ kind: "refused", hint: expect.stringContaining(at(3_000).toISOString()) });
  });

  test("says how far apart the heartbeats around it really are", async () => {
    const stalled = [transaction(101, { beat: 1_000 }), transaction(102, { beat: 61_000 })];
    const resolved = await resolve(at(30_000).toISOString(), stalled);
    expect(resolved).toMatchObject({ kind: "reached", restoredTo: { resolutionMs: 60_000 } });
  });

  test("without heartbeats ends before the first transaction whose event time is after it, to a second", async () => {
    const resolved = await resolve(at(1_500).toISOString(), quiet);
    expect(resolved).toMatchObject({
      kind: "reached",
      end: { gtid: "0-1-101" },
      restoredTo: { resolutionMs: 1_000, next: { gtid: "0-1-102", time: at(3_000).toISOString() } },
    });
    expect(await resolve(at(4_000).toISOString(), quiet)).toMatchObject({ kind: "refused" });
  });

  test("around the dump is refused unless a heartbeat proves that the snapshot is not later", async () => {
    const early = [transaction(101, { beat: -1_000 }), transaction(102, { beat: 500 })];
    expect(endOf(await resolve(at(-900).toISOString(), early))).toBe("0-1-101");
    const refused = await resolve(at(-1_500).toISOString(), early);
    expect(refused).toMatchObject({ kind: "refused", hint: expect.stringContaining(at(-1_000).toISOString()) });
    expect(await resolve(at(-3_000).toISOString(), early)).toMatchObject({ kind: "refused" });
  });

  test("right after the dump is the full itself", async () => {
    const resolved = await resolve(at(300).toISOString(), busy);
    expect(resolved).toMatchObject({ kind: "reached", end: { gtid: null, file: base.file, offset: base.offset } });
  });
});

describe("a GTID", () => {
  test("is reached inclusively, and the next transaction is told", async () => {
    const resolved = await resolve("gtid:0-1-103", busy);
    expect(resolved).toMatchObject({
      end: { gtid: "0-1-103", offset: 700 },
      restoredTo: { gtid: "0-1-103", time: at(2_000).toISOString(), next: { gtid: "0-1-104" } },
    });
  });

  test("of the full itself needs no replay", async () => {
    expect(await resolve("gtid:0-1-100", busy)).toMatchObject({
      end: { gtid: null, offset: 400 },
      restoredTo: { gtid: "0-1-100", next: { gtid: "0-1-101" } },
    });
  });

  test("before-gtid ends right before it, also where it is the first", async () => {
    expect(endOf(await resolve("before-gtid:0-1-103", busy))).toBe("0-1-102");
    expect(endOf(await resolve("before-gtid:0-1-101", busy))).toBeNull();
  });

  test("that is older than the full, or not in the log, is refused", async () => {
    for (const point of ["gtid:0-1-99", "before-gtid:0-1-100", "gtid:0-1-999", "gtid:7-1-1", "before-gtid:0-2-103"]) {
      expect(await resolve(point, busy), point).toMatchObject({ kind: "refused" });
    }
  });

  test("is reached although the log behind it is damaged", async () => {
    const damage = new EngineError("broken", { engine: "mariadb", operation: "read", permanent: true, hint: "?" });
    expect(await resolve("gtid:0-1-107", busy, damage)).toMatchObject({
      end: { gtid: "0-1-107" },
      restoredTo: { next: null },
    });
    await expect(resolve("latest", busy, damage)).rejects.toThrow("broken");
  });
});

test("latest is the last whole transaction, and an empty log is the full itself", async () => {
  expect(endOf(await resolve("latest", busy))).toBe("0-1-107");
  expect(await resolve("latest", [])).toMatchObject({
    end: { gtid: null, offset: 400 },
    restoredTo: { gtid: "0-1-100" },
  });
});

test("the log is closed as soon as the end is known", async () => {
  let isClosed = false;
  async function* watched(): AsyncGenerator<LogTransaction> {
    try {
      yield* log(busy);
    } finally {
      isClosed = true;
    }
  }
  await resolvePoint(parsePoint("before-gtid:0-1-102"), { base, transactions: watched() });
  expect(isClosed).toBe(true);
});

test("any time ends at a prefix that holds every heartbeat up to it and none after it", async () => {
  const gaps = fc.array(
    fc.record({
      gap: fc.integer({ min: 1, max: 3_000 }),
      beats: fc.boolean(),
      lie: fc.integer({ min: -9_000, max: 9_000 }),
    }),
    { minLength: 1, maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(gaps, fc.integer({ min: 0, max: 60_000 }), async (steps, wanted) => {
      let clock = 0;
      const items = steps.map(({ gap, beats, lie }, index) => {
        clock += gap;
        return transaction(101 + index, beats ? { beat: clock } : { event: clock + lie });
      });
      const resolved = await resolve(at(wanted).toISOString(), items);
      const beats = items.filter((item) => item.heartbeat);
      const newest = beats.at(-1)?.heartbeat?.at;
      const isReachable = newest !== undefined && newest >= at(wanted);
      if (beats.length > 0) expect(resolved.kind).toBe(isReachable ? "reached" : "refused");
      if (resolved.kind === "refused" || beats.length === 0) return;
      const included = items.filter((item) => item.endOffset <= resolved.end.offset);
      const isIn = (item: LogTransaction) => included.includes(item);
      expect(beats.every((item) => isIn(item) === (item.heartbeat?.at ?? at(0)) <= at(wanted))).toBe(true);
      expect(included.map((item) => item.gtid)).toEqual(items.slice(0, included.length).map((item) => item.gtid));
      expect(resolved.end.gtid).toBe(included.at(-1)?.gtid ?? null);
    }),
  );
});

describe("a point as text", () => {
  test("is read and written the same", () => {
    for (const text of ["latest", "2026-11-23T12:00:00.000Z", "gtid:0-1-118", "before-gtid:5-12-1"]) {
      expect(formatPoint(parsePoint(text))).toBe(text);
    }
    expect(formatPoint(parsePoint("2026-11-23T14:00:00+02:00"))).toBe("2026-11-23T12:00:00.000Z");
  });

  test("is refused where it means another instant elsewhere, or nothing", () => {
    for (const text of [
      "",
      "now",
      "2026-11-23 12:00:00",
      "2026-11-23T12:00:00",
      "gtid:0-1",
      "gtid:0-1-1,1-1-1",
      "before:0-1-1",
    ]) {
      expect(() => parsePoint(text), text).toThrow("is not a point");
    }
  });
});

describe("a full as the base", () => {
  const full = { endedAt: at(0), gtid: "0-1-100,3-1-7" };
  test("is one whose snapshot is surely not after the point", () => {
    const isBase = (text: string) => isFullBefore(full, parsePoint(text));
    expect(isBase("latest")).toBe(true);
    expect(isBase(at(0).toISOString())).toBe(true);
    expect(isBase(at(-1).toISOString())).toBe(false);
    expect([isBase("gtid:0-1-100"), isBase("gtid:0-1-99"), isBase("gtid:3-1-8"), isBase("gtid:9-1-1")]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect([isBase("before-gtid:0-1-100"), isBase("before-gtid:0-1-101")]).toEqual([false, true]);
  });
});
