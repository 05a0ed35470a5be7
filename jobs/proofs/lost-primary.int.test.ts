import { mkdtemp, rm } from "node:fs/promises";
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ObjectStoreServer, createBucket, startObjectStoreServer } from "@/demo/s3/object-store-server";
import { cleanUploads, listRepositoryDetails, startCheck, startRepair } from "@/lib/copies";
import { OPERATOR, type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { watchAudit } from "@/lib/db/test-estate";
import { beginMemoryEstate, shipEverything, takeFull } from "@/lib/db/test-protection";
import type { MemoryEngines } from "@/lib/engines/memory-engines";
import { openS3Store } from "@/lib/engines/object-store/s3/engine";
import { startRestore } from "@/lib/recovery";
import { getRun } from "@/lib/runs";
import type { RunDetail } from "@/lib/runs/schemas";
import { applyConfiguration } from "@/lib/settings";
import { testEstate } from "@/lib/db/test-estate";
import { checkRepositories } from "../doctor/check-repositories";
import { loadConfiguration } from "@/lib/settings";
import { performRunJob } from "../handlers/runs/perform";

let directory: string;
let server: ObjectStoreServer;
let database: TestDatabase;
let engines: MemoryEngines;
let client: S3Client;
const signal = new AbortController().signal;
const LOCK = { mode: "compliance", days: 1 } as const;

beforeAll(async () => {
  directory = await mkdtemp("/var/tmp/hf-repositories-");
  [server, database] = await Promise.all([
    startObjectStoreServer({ directory, keepIn: "memory", sizeBytes: 2 ** 30 }),
    openTestDatabase(),
  ]);
  await createBucket(server, "primary");
  await createBucket(server, "secondary", { objectLock: true });
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId: accessKeyId.reveal(), secretAccessKey: secretAccessKey.reveal() };
  client = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
  ({ engines } = await beginMemoryEstate(database));
  const open = (bucket: string, lock?: typeof LOCK) =>
    openS3Store({ endpoint, region, bucket, prefix: "holdfast", accessKeyId, secretAccessKey, lock });
  engines.stores.set("primary", open("primary")).set("secondary", open("secondary", LOCK));
  await declareStores();
  const { server: source } = engines.mariadb;
  source.write("order 1");
  source.beat(1n);
  await shipEverything(database, engines);
  database.clock.set(new Date().toISOString()); // The stores count their locks by the machine's clock.
  await takeFull(database, engines);
  source.write("order 2");
  source.beat(2n);
  await shipEverything(database, engines);
});

afterAll(async () => {
  client.destroy();
  await database.close();
  await server.kill();
  await rm(directory, { recursive: true, force: true });
});

async function declareStores(): Promise<void> {
  const { endpoint } = server;
  const keys = { accessKeyId: "${S3_KEY}", secretAccessKey: "${S3_SECRET}" };
  const declared = (bucket: string, lock?: typeof LOCK) => ({
    kind: "s3",
    bucket,
    prefix: "holdfast",
    endpoint,
    ...keys,
    ...(lock ? { lock, site: "dr" } : {}),
  });
  const repositories = { primary: declared("primary"), secondary: declared("secondary", LOCK) };
  await applyConfiguration(database.ctx(), { text: JSON.stringify({ ...testEstate(), repositories }) });
}

async function perform({ runId }: { runId: string }): Promise<RunDetail> {
  await performRunJob(database.jobCtx(engines), { runId });
  return getRun(database.ctx(VIEWER), { id: runId });
}
const check = async (repository: string) =>
  perform(await startCheck(database.ctx(OPERATOR), { repository, read: "all" }));

/** With the runner's own keys: every version and every half upload; what a store refuses to delete is counted. */
async function deleteEverything(bucket: string): Promise<{ deleted: number; refused: number }> {
  const done = { deleted: 0, refused: 0 };
  const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) {
    const input = { Bucket: bucket, Key, VersionId, BypassGovernanceRetention: true };
    await client.send(new DeleteObjectCommand(input)).then(
      () => (done.deleted += 1),
      () => (done.refused += 1),
    );
  }
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  for (const { Key, UploadId } of Uploads) {
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
  }
  return done;
}

test("a lock that is declared is in force, by our own attempts: doctor and the check say so, the copies show it", async () => {
  const { configuration } = await loadConfiguration(database.ctx());
  const findings = await checkRepositories(database.ctx(), engines, { configuration, signal });
  const of = (name: string) => findings.find((finding) => finding.name === `repository secondary ${name}`);
  expect(of("lock tried")).toMatchObject({ verdict: "ok" });
  // Kept 30 days, locked one.
  expect(of("lock days")).toMatchObject({ verdict: "warn", fix: "Declare lock.days: 30." });
  expect(of("lock ends")).toMatchObject({ verdict: "warn" });
  expect(await check("secondary")).toMatchObject({ state: "succeeded", result: { orphans: 0 } });
  const copies = await database.db.backupCopy.findMany({ include: { repository: true } });
  for (const { repository, lockedUntil } of copies) {
    if (repository.name === "primary") expect(lockedUntil).toBeNull();
    else expect(lockedUntil?.getTime()).toBeGreaterThan(Date.now() + 80_000_000);
  }
  const { score, repositories } = await listRepositoryDetails(database.ctx(VIEWER));
  expect(repositories.map(({ name, lock }) => [name, lock.state])).toEqual([
    ["primary", null],
    ["secondary", "in-force"],
  ]);
  expect(score.map(({ id, state }) => [id, state])).toEqual([
    ["copies", "yes"],
    ["media", "no"],
    ["offsite", "yes"],
    ["immutable", "yes"],
    ["errors", "unknown"],
  ]);
});

test("half uploads of a process that died are removed after a day, with an event, and nobody else's", async () => {
  for (const Key of ["holdfast/systems/database/left", "other/left"]) {
    await client.send(new CreateMultipartUploadCommand({ Bucket: "primary", Key }));
  }
  const auditSince = await watchAudit(database);
  const clean = (afterMs: number) => {
    const now = () => new Date(Date.now() + afterMs);
    return cleanUploads({ ...database.jobCtx(engines), now });
  };
  expect(await clean(23 * 3_600_000)).toBe(0);
  expect(await clean(25 * 3_600_000)).toBe(1);
  expect(await auditSince()).toEqual(["repository.uploads-removed"]);
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: "primary" }));
  expect(Uploads.map(({ Key }) => Key)).toEqual(["other/left"]);
});

test("with our own keys everything in both is deleted that lets itself be, versions included: the locked one restores", async () => {
  const primary = await deleteEverything("primary");
  expect(primary.refused).toBe(0);
  expect(primary.deleted).toBeGreaterThan(6);
  expect((await deleteEverything("secondary")).refused).toBeGreaterThan(6);

  const restored = await perform(await startRestore(database.ctx(OPERATOR), { system: "database" }));
  expect(restored).toMatchObject({ state: "succeeded", error: null, result: { fromRepository: "secondary" } });
  expect([...engines.mariadb.machine.scratches.values()][0]?.tables.get("shop.orders")).toEqual(["order 1", "order 2"]);

  // holdfast.json is gone with the rest: it is not made again by itself, and nothing is said about the copies.
  expect(await check("primary")).toMatchObject({ state: "failed", error: { code: "PRECONDITION" } });
  const repair = await perform(await startRepair(database.ctx(OPERATOR), { repository: "primary" }));
  expect(repair).toMatchObject({ state: "failed", error: { code: "REFUSED" } });
  expect(await database.db.backupCopy.count({ where: { state: "present" } })).toBe(2);
});
