import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { listChains, readReach } from "@/lib/backups";
import { type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { type TestEstate, declareEstate, forgetHistory } from "@/lib/db/test-estate";
import { newId } from "@/lib/kernel/ids";
import { previewRestore } from "@/lib/recovery";
import { listRepositoryDetails } from ".";

/** What increments add to what can be recovered: a full at 02:00, increments of it at 06:00 and 08:00, and the log. */

let database: TestDatabase;
let systemId: string;
let repositoryIds: Record<string, string>;
let ids: Record<"full" | "first" | "second", string>;

const at = (time: string) => new Date(`2026-11-23T${time}Z`);
const file = (number: number) => `binlog.00000${number}`;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await forgetHistory(database);
  database.clock.set("2026-11-23T10:00:00Z");
  systemId = await declareEstate(database, ({ systems }: TestEstate) => {
    Object.assign(systems.database.backup.full, { method: "physical" });
    systems.database.backup.incremental = { to: ["primary"] };
  });
  const rows = await database.db.repository.findMany();
  repositoryIds = Object.fromEntries(rows.map(({ id, name }) => [name, id]));
  const full = await addBackup({ hour: "02", parentId: null, log: 1, to: ["primary", "secondary"] });
  const first = await addBackup({ hour: "06", parentId: full, log: 2, to: ["primary"] });
  const second = await addBackup({ hour: "08", parentId: first, log: 3, to: ["primary"] });
  ids = { full, first, second };
});

async function addBackup(made: { hour: string; parentId: string | null; log: number; to: string[] }): Promise<string> {
  const { hour, parentId, log, to } = made;
  const id = newId();
  const plain = { sizeBytes: 1_000, sha256: "" };
  await database.db.backup.create({
    data: {
      id,
      systemId,
      type: parentId ? "incremental" : "full",
      method: "physical",
      parentId,
      state: "complete",
      startedAt: at(`${hour}:00:00`),
      endedAt: at(`${hour}:05:00`),
      sizeBytes: 100,
      serverId: "1",
      incarnation: "x",
      position: { gtid: "", file: file(log), offset: 4 },
      manifest: { parts: [{ plain }] },
      copies: {
        create: to.map((name) => ({ repositoryId: repositoryIds[name] ?? "", state: "present", sizeBytes: 100 })),
      },
    },
  });
  return id;
}

/** One whole file of log in the primary, and the one that follows it. */
async function addLog([number, next]: [number, number | null], heartbeat: string): Promise<void> {
  await database.db.logCoverage.create({
    data: {
      systemId,
      repositoryId: repositoryIds.primary ?? "",
      serverId: "1",
      incarnation: "x",
      file: file(number),
      nextFile: next === null ? null : file(next),
      startOffset: 0,
      endOffset: 1_000,
      storedBytes: 10,
      firstAt: at("02:05:00"),
      heartbeatAt: at(heartbeat),
      updatedAt: at(heartbeat),
    },
  });
}

const lane = async (name: string) => {
  const lanes = await readReach(database.ctx(), [{ id: systemId, repositories: ["primary", "secondary"] }]);
  return lanes.get(systemId)?.find(({ repository }) => repository === name);
};

const mark = (backupId: string, state: string) =>
  database.db.backupCopy.updateMany({
    where: { backupId, repositoryId: repositoryIds.primary ?? "" },
    data: { state },
  });

const preview = (time: string) =>
  previewRestore(database.ctx(VIEWER), { system: "database", at: at(time).toISOString() });

describe("what can be recovered", () => {
  test("begins at the newest increment whose chain is whole, and goes on with the log behind it", async () => {
    // The log before the last increment is no longer there: from the full nothing follows.
    await addLog([3, null], "09:30:00");
    const primary = await lane("primary");
    expect(primary?.best).toMatchObject({ backupId: ids.second, to: at("09:30:00") });
    expect(primary?.best?.chain).toEqual([ids.full, ids.first, ids.second]);
    expect(primary?.increments.map(({ state }) => state)).toEqual(["present", "present"]);
    expect(await lane("secondary")).toMatchObject({ best: { backupId: ids.full, to: at("02:00:00") }, increments: [] });
  });

  test("is not lengthened by an increment of which a link is missing", async () => {
    await addLog([3, null], "09:30:00");
    await mark(ids.first, "missing");
    const primary = await lane("primary");
    expect(primary?.best).toMatchObject({ backupId: ids.full, to: at("02:00:00") });
    expect(primary?.increments.map(({ state }) => state)).toEqual(["missing", "missing"]);
  });
});

test("a restore to a time begins at the newest increment before it, and tells the bytes of its whole chain", async () => {
  await addLog([1, 2], "05:50:00");
  await addLog([2, 3], "07:50:00");
  await addLog([3, null], "09:30:00");
  expect((await preview("07:00:00")).chains).toMatchObject([
    {
      repository: "primary",
      backupId: ids.first,
      fullAt: at("02:00:00").toISOString(),
      tipAt: at("06:00:00").toISOString(),
      increments: 1,
      fullBytes: 200,
      plainBytes: 2_000,
      logBytes: 20,
    },
  ]);
  expect((await preview("09:00:00")).chains).toMatchObject([{ backupId: ids.second, increments: 2, fullBytes: 300 }]);
  expect((await preview("06:02:00")).chains).toMatchObject([{ backupId: ids.full, increments: 0 }]);
  const { before, after, points } = await preview("07:00:00");
  expect(points).toBe("log");
  expect([...before, ...after].filter(({ kind }) => kind === "incremental").map(({ at: time }) => time)).toEqual(
    expect.arrayContaining([at("06:00:00").toISOString()]),
  );
});

test("a chain tells what each of its increments reaches, and the furthest of them", async () => {
  await addLog([3, null], "09:30:00");
  await mark(ids.first, "damaged");
  const broken = await listChains(database.ctx(VIEWER), { system: "database", repository: "primary" });
  expect(broken.chains).toMatchObject([
    {
      reach: { to: at("02:00:00").toISOString() },
      incrementals: [
        { backupId: ids.first, reach: null },
        { backupId: ids.second, reach: null },
      ],
    },
  ]);
  await mark(ids.first, "present");
  const { chains } = await listChains(database.ctx(VIEWER), { system: "database", repository: "primary" });
  expect(chains).toMatchObject([
    {
      backupId: ids.full,
      reach: { to: at("09:30:00").toISOString() },
      incrementals: [
        { reach: { to: at("06:00:00").toISOString() } },
        { backupId: ids.second, reach: { to: at("09:30:00").toISOString() } },
      ],
    },
  ]);
});

test("the score counts a repository that lacks an increment as one without the newest backup, not one that was to have none", async () => {
  const copies = async () =>
    (await listRepositoryDetails(database.ctx(VIEWER))).score.find(({ id }) => id === "copies");
  expect(await copies()).toMatchObject({ state: "yes" });
  await mark(ids.second, "missing");
  expect(await copies()).toMatchObject({ state: "no" });
});
