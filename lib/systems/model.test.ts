import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type StateFacts, fillCalendar, judgeState } from "./model";

const now = new Date("2026-11-23T10:00:00Z");
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1_000);
const well: StateFacts = {
  kind: "mariadb",
  now,
  heartbeatAt: ago(1),
  probedAt: ago(1),
  probeError: null,
  exposureSeconds: 5,
  rpoTargetSeconds: 900,
  isBackupRunning: false,
  lastAttemptState: "complete",
  hasCopyMissing: false,
  verifier: "passed",
  newestVerdict: "pass",
  isProven: true,
};
const stateOf = (change: Partial<StateFacts>) => judgeState({ ...well, ...change }).state;

describe("a system's state", () => {
  test("is ok when it answers, can be recovered within its target and its last backup is whole", () => {
    expect(judgeState(well)).toEqual({ state: "ok", word: "OK", reason: null });
  });

  test.each<[string, Partial<StateFacts>, string]>([
    ["nobody has looked at it", { probedAt: null }, "unknown"],
    ["nothing was heard of it for half a minute", { probedAt: ago(31) }, "unknown"],
    ["nothing was heard of it, though it failed then", { probedAt: ago(31), probeError: "down" }, "unknown"],
    ["it does not answer", { probeError: "connection refused" }, "failed"],
    ["no repository can bring it back", { exposureSeconds: null }, "warning"],
    ["its first backup is under way", { exposureSeconds: null, isBackupRunning: true }, "running"],
    ["more would be lost than its target allows", { exposureSeconds: 901 }, "warning"],
    ["its last backup failed", { lastAttemptState: "failed" }, "warning"],
    ["a copy is missing", { lastAttemptState: "incomplete", hasCopyMissing: true }, "warning"],
    ["the verifier is broken, whatever else", { verifier: "broken", exposureSeconds: null }, "warning"],
    ["its newest verification found a bad backup", { newestVerdict: "backup-bad" }, "warning"],
    ["no restore of it was ever proven", { isProven: false, newestVerdict: null }, "unknown"],
    ["nothing is backed up, by decision", { kind: "service", probedAt: null }, "idle"],
  ])("when %s is not ok", (_, change, state) => {
    const judged = judgeState({ ...well, ...change });
    expect(judged.state).toBe(state);
    if (state !== "idle" && state !== "running") expect(judged.reason).not.toBeNull();
  });

  test("without a target for lost data is not over it", () => {
    expect(stateOf({ rpoTargetSeconds: null, exposureSeconds: 1e9 })).toBe("ok");
  });

  test("is never ok while anything of what it rests on is unknown or bad", () => {
    const facts = fc.record({
      probedAt: fc.option(fc.integer({ min: -5, max: 120 }).map(ago)),
      probeError: fc.option(fc.constant("down")),
      exposureSeconds: fc.option(fc.integer({ min: 0, max: 2_000 })),
      rpoTargetSeconds: fc.option(fc.integer({ min: 1, max: 1_000 })),
      isBackupRunning: fc.boolean(),
      lastAttemptState: fc.option(
        fc.constantFrom("running" as const, "complete" as const, "incomplete" as const, "failed" as const),
      ),
      hasCopyMissing: fc.boolean(),
      verifier: fc.constantFrom("passed" as const, "broken" as const, "unknown" as const),
      newestVerdict: fc.option(fc.constantFrom("pass" as const, "backup-bad" as const)),
      isProven: fc.boolean(),
    });
    fc.assert(
      fc.property(facts, (change) => {
        const all = { ...well, ...change };
        if (judgeState(all).state !== "ok") return;
        expect(all.probedAt && now.getTime() - all.probedAt.getTime() <= 30_000).toBe(true);
        expect(all.probeError).toBeNull();
        expect(all.exposureSeconds).not.toBeNull();
        if (all.rpoTargetSeconds !== null) expect(all.exposureSeconds).toBeLessThanOrEqual(all.rpoTargetSeconds);
        expect(all.hasCopyMissing).toBe(false);
        expect([all.verifier, all.newestVerdict]).not.toEqual(expect.arrayContaining(["broken"]));
        expect(all.newestVerdict).not.toBe("backup-bad");
        expect(all.isProven).toBe(true);
        expect(["failed", "incomplete"]).not.toContain(all.lastAttemptState);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("the calendar", () => {
  const at = (text: string) => new Date(`${text}Z`);
  const backup = (startedAt: string, state: string) => ({ startedAt: at(startedAt), state });

  test("has each of the last days of UTC, oldest first, with the worst that happened", () => {
    const backups = [
      backup("2026-11-23T02:00:00", "complete"),
      backup("2026-11-22T23:59:59", "failed"),
      backup("2026-11-22T02:00:00", "complete"),
      backup("2026-11-21T02:00:00", "incomplete"),
      backup("2026-11-21T03:00:00", "complete"),
      backup("2026-11-23T09:59:00", "running"),
    ];
    expect(fillCalendar({ backups, missed: [at("2026-11-20T02:00:00")] }, now, 5)).toEqual([
      { date: "2026-11-19", state: "none", backups: 0 },
      { date: "2026-11-20", state: "missed", backups: 0 },
      { date: "2026-11-21", state: "incomplete", backups: 2 },
      { date: "2026-11-22", state: "failed", backups: 2 },
      { date: "2026-11-23", state: "ok", backups: 2 },
    ]);
  });

  test("does not hide a missed slot behind a backup of the same day, nor a failure behind either", () => {
    const missed = [at("2026-11-23T02:00:00")];
    const day = (state: string) =>
      fillCalendar({ backups: [backup("2026-11-23T05:00:00", state)], missed }, now, 1)[0]?.state;
    expect([day("complete"), day("failed"), day("running")]).toEqual(["missed", "failed", "missed"]);
  });

  test("of a backup under way says nothing yet", () => {
    expect(fillCalendar({ backups: [backup("2026-11-23T05:00:00", "running")], missed: [] }, now, 1)[0]?.state).toBe(
      "none",
    );
  });
});
