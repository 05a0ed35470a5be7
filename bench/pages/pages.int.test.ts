import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordFigure } from "@/bench/record-figure";
import { honestSize, isFullRun } from "@/bench/size";
import { getBackupDay, getGrowth, listBackupDays, listBackups, listChains } from "@/lib/backups";
import { ANONYMOUS, type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { NotFoundError, UnauthenticatedError, ValidationError } from "@/lib/kernel/errors";
import { previewRestore } from "@/lib/recovery";
import { getSystem, listSystems } from "@/lib/systems";
import { declarePagesEstate } from "./pages-estate";

/* What the pages of the backup side read, over a generated month: right, and fast enough. */

const DAYS = honestSize(12, 30);
const TIMES = honestSize(3, 40);
/** A page answers within 150 ms; most of that may go here. */
const P95_MS_MAX = 150;

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
  await declarePagesEstate(database.ctx(), DAYS);
  await database.db.$executeRaw`ANALYZE`;
});
afterAll(() => database.close());

const ctx = () => database.ctx(VIEWER);
const dayOf = (daysAgo: number) =>
  new Date(database.clock.now().getTime() - daysAgo * 86_400_000).toISOString().slice(0, 10);

describe("the calendar", () => {
  test("has a row for each system and type, and a day that says what went wrong", async () => {
    const { rows } = await listBackupDays(ctx(), { days: DAYS });
    expect(rows.filter((row) => row.system === "database").map((row) => row.type)).toEqual([
      "full",
      "incremental",
      "log",
    ]);
    expect(rows.every((row) => row.days.length === DAYS && row.days.at(-1)?.date === dayOf(0))).toBe(true);
    const full = rows.find((row) => row.system === "database" && row.type === "full");
    expect(full?.days.filter((day) => day.state === "failed")).toHaveLength(1);
    const log = rows.find((row) => row.system === "database" && row.type === "log");
    expect(log?.days.filter((day) => day.state === "failed")).toHaveLength(1);
    const well = rows.find((row) => row.system === "billing" && row.type === "log");
    expect(new Set(well?.days.map((day) => day.state))).toEqual(new Set(["ok"]));
  });

  test("opens a day: what failed, what was due, the hole in the log", async () => {
    const { rows } = await listBackupDays(ctx(), { days: DAYS });
    for (const type of ["full", "log"] as const) {
      const row = rows.find((each) => each.system === "database" && each.type === type);
      const date = row?.days.find((day) => day.state === "failed")?.date ?? expect.fail(`no ${type} failed`);
      const day = await getBackupDay(ctx(), { system: "database", type, date });
      if (type === "full") expect(day.backups.map((backup) => backup.state)).toContain("failed");
      else expect([day.gaps.length, day.logs.map((log) => log.repository)]).toEqual([1, ["primary", "secondary"]]);
    }
  });

  test("does not know a system that is not there, and is for those who are signed in", async () => {
    await expect(getBackupDay(ctx(), { system: "none", type: "full", date: dayOf(0) })).rejects.toThrow(NotFoundError);
    await expect(listBackupDays(database.ctx(ANONYMOUS))).rejects.toThrow(UnauthenticatedError);
  });
});

describe("growth", () => {
  test("ends with what the repositories hold, and forecasts more for what grew", async () => {
    const view = await getGrowth(ctx());
    const total = view.lines.find((line) => line.repository === "primary" && line.system === null);
    const parts = view.lines.filter((line) => line.repository === "primary" && line.system !== null);
    expect(parts).toHaveLength(6);
    expect(total?.bytesNow).toBe(parts.reduce((sum, line) => sum + line.bytesNow, 0));
    const forecast = total?.forecast ?? expect.fail("there is enough to draw a line from");
    expect(forecast.bytes).toBeGreaterThan(total?.bytesNow ?? 0);
    expect(forecast.samples).toBe(view.lines[0]?.bytes.filter((bytes) => bytes !== null).length);
    // After a month of what is kept for 30 days, as much goes as comes.
    expect(total?.isYoung).toBe(DAYS < 30);
  });

  test("of one system is that system's; of none that is declared is refused", async () => {
    const { lines } = await getGrowth(ctx(), { system: "billing" });
    expect(lines.map((line) => line.system)).toEqual(["billing", "billing"]);
    await expect(getGrowth(ctx(), { system: "none" })).rejects.toThrow(NotFoundError);
  });
});

describe("chains", () => {
  const timeOf = (at: string | undefined) => Date.parse(at ?? "");

  test("reach through the newer files of log to the newest heartbeat, and end at a hole", async () => {
    const { chains } = await listChains(ctx(), { system: "database", limit: 60 });
    expect(timeOf(chains[0]?.reach?.to)).toBeGreaterThan(database.clock.now().getTime() - 60_000);
    const holed = chains.find((chain) => chain.gaps.length > 0) ?? expect.fail("no chain has a hole");
    expect(timeOf(holed.reach?.to)).toBeLessThan(timeOf(holed.gaps[0]?.to));
    expect(chains.at(-1)?.reach?.to).toBe(holed.reach?.to);
  });

  test("hold their increments and the log up to the next full", async () => {
    const { chains } = await listChains(ctx(), { system: "billing" });
    expect(chains[1]?.incrementals).toHaveLength(3);
    expect(chains[1]?.log).toMatchObject({ files: 97 });
    expect(chains[1]?.nextAt).toBe(chains[0]?.startedAt);
  });

  test("come a page at a time, and a page knows where its newest chain ends", async () => {
    const all = await listChains(ctx(), { system: "billing", limit: 60 });
    const first = await listChains(ctx(), { system: "billing", limit: 4 });
    const second = await listChains(ctx(), { system: "billing", limit: 4, cursor: first.nextCursor ?? "" });
    expect([...first.chains, ...second.chains]).toEqual(all.chains.slice(0, 8));
  });
});

describe("the preview of a restore", () => {
  const preview = (at: string) => previewRestore(ctx(), { system: "database", at });

  test("names the chain, what lies next to the point, and how long it took before", async () => {
    const at = new Date(database.clock.now().getTime() - 3_600_000).toISOString();
    const { chains, before, after, unreachable, forecast, neededBytes } = await preview(at);
    expect(chains.map((chain) => chain.repository)).toEqual(["primary", "secondary"]);
    expect(unreachable).toBeNull();
    expect(before.every((each) => each.at <= at)).toBe(true);
    expect(after.every((each) => each.at > at)).toBe(true);
    expect([before.length, after.length]).toEqual([3, 3]);
    expect(forecast?.samples).toBe(Math.floor(DAYS / 7));
    expect(neededBytes).toBeGreaterThan(0);
  });

  test("offers the nearest points on both sides of a hole", async () => {
    const [gap] = (await getSystem(ctx(), { name: "database" })).gaps;
    const inside = new Date(Date.parse(gap?.from ?? "") + 400_000).toISOString();
    const { chains, unreachable } = await preview(inside);
    expect(chains).toEqual([]);
    expect(Date.parse(unreachable?.before ?? "")).toBeLessThan(Date.parse(inside));
    expect(Date.parse(unreachable?.after ?? "")).toBeGreaterThan(Date.parse(inside));
    expect((await preview(unreachable?.before ?? "")).chains.length).toBeGreaterThan(0);
    expect((await preview(unreachable?.after ?? "")).chains.length).toBeGreaterThan(0);
  });

  test("says beforehand what the start would refuse", async () => {
    const to = async (name: string) => (await previewRestore(ctx(), { system: "database", to: name })).targetRefusal;
    expect(await to("staging")).toBeNull();
    expect(await to("dir:/srv/copy")).toBeNull();
    expect(await to("standby")).toMatchObject({ message: expect.stringContaining("does not allow") });
    await expect(preview("yesterday")).rejects.toThrow(ValidationError);
  });
});

describe("over the whole month", () => {
  const READS: Record<string, () => Promise<unknown>> = {
    systems: () => listSystems(ctx()),
    system: () => getSystem(ctx(), { name: "database" }),
    backups: () => listBackups(ctx(), {}),
    calendar: () => listBackupDays(ctx()),
    growth: () => getGrowth(ctx()),
    chains: () => listChains(ctx(), { system: "database" }),
    preview: () => previewRestore(ctx(), { system: "database" }),
  };

  test.each(Object.keys(READS))("%s is read in time", async (name) => {
    const took: number[] = [];
    for (let time = 0; time < TIMES; time += 1) {
      const begun = performance.now();
      await READS[name]?.();
      took.push(performance.now() - begun);
    }
    took.sort((a, b) => a - b);
    const p95 = took[Math.ceil(took.length * 0.95) - 1] ?? Infinity;
    recordFigure({ name: `pages.${name}.p95`, value: Math.round(p95), unit: "ms" });
    // Where everything runs at once only a defect is told from a busy machine: the bound holds where the figure is taken.
    if (isFullRun()) expect(p95).toBeLessThan(P95_MS_MAX);
    else expect(took[0]).toBeLessThan(20 * P95_MS_MAX);
  });
});
