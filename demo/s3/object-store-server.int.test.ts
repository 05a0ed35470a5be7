import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type ObjectStoreServer,
  createBucket,
  findObjectStoreServer,
  startObjectStoreServer,
} from "./object-store-server";

let directory: string;
let server: ObjectStoreServer;

beforeAll(async () => {
  directory = await mkdtemp("/var/tmp/hf-s3-");
  server = await startObjectStoreServer({ directory, sizeBytes: 2 ** 30 });
  await createBucket(server, "bucket");
});

afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

function client(of: ObjectStoreServer): S3Client {
  return new S3Client({
    endpoint: of.endpoint,
    region: of.region,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: of.accessKeyId.reveal(), secretAccessKey: of.secretAccessKey.reveal() },
  });
}

test("a store that was killed hard answers nothing, and comes back with its data, port and keys", async () => {
  await client(server).send(new PutObjectCommand({ Bucket: "bucket", Key: "a", Body: "kept" }));
  await server.kill();
  await expect(client(server).send(new GetObjectCommand({ Bucket: "bucket", Key: "a" }))).rejects.toThrow();

  const again = await startObjectStoreServer({ directory });
  expect(again.endpoint).toBe(server.endpoint);
  expect(again.secretAccessKey.reveal()).toBe(server.secretAccessKey.reveal());
  const read = await client(again).send(new GetObjectCommand({ Bucket: "bucket", Key: "a" }));
  expect(await read.Body?.transformToString()).toBe("kept");
});

test("a store that runs already is reported, not started twice", async () => {
  const again = await startObjectStoreServer({ directory });
  expect(again.port).toBe(server.port);
});

test("a directory tells its store's address and keys without a start; another tells nothing", async () => {
  const found = await findObjectStoreServer(directory);
  expect(found?.endpoint).toBe(server.endpoint);
  expect(await findObjectStoreServer(join(directory, "log"))).toBeNull();
});

test("the keys are in no argument list, in no log, and in no file that others may read", async () => {
  const secret = server.secretAccessKey.reveal();
  for (const name of ["mon", "osd", "rgw"]) {
    const [pid] = (await readFile(join(directory, "run", `${name}.pid`), "utf8")).split(" ");
    expect(await readFile(`/proc/${pid}/cmdline`, "utf8")).not.toContain(secret);
    expect(await readFile(`/proc/${pid}/environ`, "utf8")).not.toContain(secret);
  }
  for (const name of await readdir(join(directory, "log"))) {
    expect(await readFile(join(directory, "log", name), "utf8")).not.toContain(secret);
  }
  for (const name of ["env", "state"]) {
    expect((await stat(join(directory, name))).mode & 0o077).toBe(0);
  }
});
