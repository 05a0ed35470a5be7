import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { recordFigure } from "@/bench/record-figure";
import { honestSize } from "@/bench/size";
import { readReach } from "@/lib/backups";
import { ADMINISTRATOR, OPERATOR, type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { generateBackups, writeManifests } from "@/lib/db/test-backups";
import { declareEstate } from "@/lib/db/test-estate";
import { beginMemoryEstate, shipEverything, takeFull } from "@/lib/db/test-protection";
import { type MemoryEngines, newMemorySigner, openMemoryEngines } from "@/lib/engines/memory-engines";
import { ForbiddenError, RefusedError } from "@/lib/kernel/errors";
import { monotonicMs } from "@/lib/kernel/time";
import { openRepository, repositoryKeys } from "@/lib/repositories";
import { rebuildCatalog } from ".";

let database: TestDatabase;
let engines: MemoryEngines;
const go = { signal: new AbortController().signal };
const COUNT = honestSize(200, 10_000);

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const rebuild = (repository: string, with_ = engines) =>
  rebuildCatalog({ ...database.jobCtx(with_), actor: ADMINISTRATOR }, { repository });

/** Everything that the catalogue knew, but for when it was looked at, and by which run it was made. */
async function readCatalog() {
  const [backups, copies, logs] = await Promise.all([
    database.db.backup.findMany({ orderBy: { id: "asc" }, omit: { runId: true } }),
    database.db.backupCopy.findMany({
      orderBy: [{ backupId: "asc" }, { repositoryId: "asc" }],
      omit: { checkedAt: true },
    }),
    database.db.logCoverage.findMany({
      orderBy: [{ repositoryId: "asc" }, { incarnation: "asc" }, { file: "asc" }],
      omit: { checkedAt: true, updatedAt: true, closedAt: true, compactedAt: true },
    }),
  ]);
  return { backups, copies, logs };
}

async function loseCatalog(): Promise<void> {
  await database.db.$executeRaw`TRUNCATE verifications, backup_copies, backups, log_coverages`;
  await database.db.repository.updateMany({ data: { identity: null } });
}

describe("a catalogue that was lost", () => {
  test(`of ${COUNT} backups comes back row by row`, { timeout: honestSize(60_000, 1_800_000) }, async () => {
    const systemId = (await beginMemoryEstate(database)).systemId;
    engines = openMemoryEngines({ now: () => database.clock.now() });
    const opened = [];
    for (const name of ["primary", "secondary"]) opened.push(await openRepository(database.jobCtx(engines), name));
    const generated = generateBackups(COUNT, { systemId, repositories: opened.map(({ id }) => id) });
    await database.db.backup.createMany({ data: generated.backups });
    await database.db.backupCopy.createMany({ data: generated.copies });
    for (const { store } of opened) await writeManifests(store, engines.signer, generated.manifests);
    const before = await readCatalog();
    await loseCatalog();

    const startMs = monotonicMs();
    expect(await rebuild("primary")).toMatchObject({ backups: COUNT, added: COUNT, refused: [] });
    recordFigure({
      name: "catalog.rebuild.backupsPerSecond",
      value: (COUNT * 1_000) / (monotonicMs() - startMs),
      unit: "backups/s",
    });
    expect(await database.db.backup.count({ where: { state: "complete" } })).toBe(0); // Of the other copies nothing is known yet.
    await rebuild("secondary");
    expect(await readCatalog()).toEqual(before);
    expect(await rebuild("primary")).toMatchObject({ backups: COUNT, added: 0 });
    expect(await readCatalog()).toEqual(before);
  });

  describe("of a database with its log", () => {
    let systemId: string;
    let backupId: string;
    beforeEach(async () => {
      ({ engines, systemId } = await beginMemoryEstate(database));
      const { server } = engines.mariadb;
      server.write("order 1");
      server.beat(1n);
      await shipEverything(database, engines);
      database.clock.advance(1_000);
      backupId = await takeFull(database, engines);
      server.write("order 2");
      server.beat(2n);
      await shipEverything(database, engines);
    });

    test("gives the same bytes as covered, and the log goes on where it was", async () => {
      const before = await readCatalog();
      const offsets = ({ logs }: typeof before) =>
        logs.map(({ file, endOffset, segments, storedBytes }) => ({ file, endOffset, segments, storedBytes }));
      await loseCatalog();
      for (const name of ["primary", "secondary"]) expect((await rebuild(name)).refused).toEqual([]);
      const after = await readCatalog();
      expect(after.backups).toEqual(before.backups);
      expect(after.copies).toEqual(before.copies);
      expect(offsets(after)).toEqual(offsets(before));
      engines.mariadb.server.write("order 3");
      engines.mariadb.server.beat(3n);
      await shipEverything(database, engines);
      const reaches = (await readReach(database.ctx(), [{ id: systemId, repositories: ["primary", "secondary"] }])).get(
        systemId,
      );
      for (const { best } of reaches ?? []) expect(best).toMatchObject({ backupId, to: database.clock.now() });
    });

    test("leaves out, and names, what is not signed, wrongly signed, in a wrong place or of no declared system", async () => {
      const { store, identity } = await openRepository(database.jobCtx(engines), "primary");
      const generated = generateBackups(4, { systemId, repositories: [] });
      await writeManifests(store, engines.signer, generated.manifests);
      const [unsigned, foreign, moved, unknown] = generated.manifests.map(({ id }) =>
        repositoryKeys.manifestKey("database", id),
      ) as [string, string, string, string];
      const bytesOf = async (key: string) => Buffer.concat(await Array.fromAsync(await store.get(key, go)));
      await store.delete(`${unsigned}.sig`, go);
      await store.replace(`${foreign}.sig`, newMemorySigner().sign(await bytesOf(foreign)), go);
      const elsewhere = repositoryKeys.manifestKey("database", "00000000-0000-7000-8000-00000000000a");
      await store.put(elsewhere, await bytesOf(moved), go);
      await store.put(`${elsewhere}.sig`, await bytesOf(`${moved}.sig`), go);
      const undeclared = unknown.replace("/database/", "/payroll/");
      await store.put(undeclared, await bytesOf(unknown), go);
      expect(identity.publicKeys).toHaveLength(1);
      await loseCatalog();
      const rebuilt = await rebuild("primary");
      expect(rebuilt.refused.map(({ key }) => key).toSorted()).toEqual(
        [unsigned, foreign, elsewhere, undeclared].toSorted(),
      );
      expect(rebuilt.refused.map(({ reason }) => reason).join("\n")).toMatch(/is not signed/);
      expect(
        await database.db.backup.findMany({
          where: { id: { in: generated.manifests.slice(0, 2).map(({ id }) => id) } },
        }),
      ).toEqual([]);
      expect(await database.db.backup.count()).toBe(3);
    });

    test("of another repository than the pinned one is refused", async () => {
      await database.db.repository.updateMany({ data: { identity: "00000000-0000-7000-8000-00000000000b" } });
      await expect(rebuild("primary")).rejects.toThrow(RefusedError);
    });
  });
});

test("keeps what the catalogue knows: an expired backup stays so", async () => {
  const { engines: estate, systemId } = await beginMemoryEstate(database);
  engines = estate;
  const { id: repositoryId, store } = await openRepository(database.jobCtx(engines), "primary");
  const generated = generateBackups(2, { systemId, repositories: [repositoryId] });
  await writeManifests(store, engines.signer, generated.manifests);
  const [expired] = generated.backups;
  if (!expired) throw new Error("nothing was generated");
  await database.db.backup.create({ data: { ...expired, state: "expired" } });
  await rebuild("primary");
  const rows = await database.db.backup.findMany({ orderBy: { id: "asc" }, select: { id: true, state: true } });
  expect(rows.map(({ state }) => state).toSorted()).toEqual(["expired", "incomplete"]);
});

test("only an administrator may rebuild it", async () => {
  await declareEstate(database);
  const ctx = { ...database.jobCtx(engines), actor: OPERATOR };
  await expect(rebuildCatalog(ctx, { repository: "primary" })).rejects.toThrow(ForbiddenError);
});
