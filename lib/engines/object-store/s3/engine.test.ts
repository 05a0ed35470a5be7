import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { inspect } from "node:util";
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Fault, type FaultyGateway, startFaultyGateway } from "@/demo/s3/faulty-gateway";
import { type ObjectStoreServer, createBucket, startObjectStoreServer } from "@/demo/s3/object-store-server";
import { newToken } from "@/lib/kernel/ids";
import { Secret } from "@/lib/kernel/secret";
import { describeObjectStoreContract, failureOf } from "../contract";
import { createClient } from "./client";
import type { S3Config } from "./config";
import { openS3Store } from "./engine";

const MIB = 2 ** 20;
const go = { signal: new AbortController().signal };
const pass: Fault = { kind: "pass" };

let directory: string;
let server: ObjectStoreServer;

beforeAll(async () => {
  directory = await mkdtemp("/var/tmp/hf-s3-engine-");
  server = await startObjectStoreServer({ directory, keepIn: "memory", sizeBytes: 4 * 2 ** 30 });
  await createBucket(server, "plain", { versioning: false });
  await createBucket(server, "versioned");
  await createBucket(server, "locked", { objectLock: true });
});

afterAll(async () => {
  await server.kill();
  await rm(directory, { recursive: true, force: true });
});

function configOf(bucket: string, more: Partial<S3Config> = {}): S3Config {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  return { endpoint, region, bucket, accessKeyId, secretAccessKey, prefix: `test/${newToken(4)}/`, ...more };
}

for (const bucket of ["versioned", "plain"]) {
  describeObjectStoreContract(`s3, ${bucket} bucket`, async () => {
    const config = configOf(bucket);
    const client = createClient(config);
    const Bucket = config.bucket;
    return {
      store: openS3Store(config),
      leaveUnfinished: async () => {
        const Key = `${config.prefix}left`;
        const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
        await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: "half of it" }));
      },
      countUnfinished: async () => {
        const page = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: config.prefix }));
        return page.Uploads?.length ?? 0;
      },
      close: async () => client.destroy(),
    };
  });
}

test("tells versioning and Object Lock as the bucket has them", async () => {
  expect(await openS3Store(configOf("plain")).inspect(go)).toMatchObject({ versioning: "off", objectLock: "off" });
  expect(await openS3Store(configOf("versioned")).inspect(go)).toMatchObject({ versioning: "on", objectLock: "off" });
  expect(await openS3Store(configOf("locked")).inspect(go)).toMatchObject({ versioning: "on", objectLock: "on" });
});

test("tells its own time", async () => {
  const { at } = await openS3Store(configOf("plain")).inspect(go);
  expect(Math.abs((at?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
});

describe("with a lock declared", () => {
  const lock = { mode: "compliance", days: 3 } as const;
  const versionsOf = async (config: S3Config, key: string) => {
    const Prefix = `${config.prefix}${key}`;
    const page = await createClient(config).send(new ListObjectVersionsCommand({ Bucket: config.bucket, Prefix }));
    return page.Versions ?? [];
  };
  const deletionOf = async (config: S3Config, key: string) => {
    const [version] = await versionsOf(config, key);
    const Key = `${config.prefix}${key}`;
    const VersionId = version?.VersionId;
    return createClient(config).send(
      new DeleteObjectCommand({ Bucket: config.bucket, Key, VersionId, BypassGovernanceRetention: true }),
    );
  };

  test.each([
    ["in one request", 1_000],
    ["in parts", 33 * MIB],
  ])("what was stored %s cannot be deleted before its time, and the call says until when", async (_name, size) => {
    const config = configOf("locked", { lock });
    const store = openS3Store(config);
    const stored = await store.put("a", Readable.from([randomBytes(size)]), go);
    const days = ((stored.lockedUntil?.getTime() ?? 0) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(2.99);
    expect(days).toBeLessThan(3.01);
    await expect(deletionOf(config, "a")).rejects.toMatchObject({ name: "AccessDenied" });
    expect((await store.head("a", go))?.sizeBytes).toBe(size);
  });

  test("the same content again keeps its lock, and gets the one that a crash left out", async () => {
    const config = configOf("locked");
    const body = Buffer.from("content");
    const unlocked = await openS3Store(config).put("a", body, go);
    expect(unlocked.lockedUntil).toBeUndefined();
    const store = openS3Store({ ...config, lock });
    const locked = await store.put("a", body, go);
    expect(locked.lockedUntil).toBeInstanceOf(Date);
    expect((await store.head("a", go))?.lockedUntil?.getTime()).toBeCloseTo(locked.lockedUntil?.getTime() ?? 0, -4);
    expect((await store.put("a", body, go)).lockedUntil?.getTime()).toBeCloseTo(locked.lockedUntil?.getTime() ?? 0, -4);
    expect(await versionsOf(config, "a")).toHaveLength(1);
    await expect(deletionOf(config, "a")).rejects.toMatchObject({ name: "AccessDenied" });
  });

  test("a bucket without Object Lock is refused with a hint", async () => {
    const error = await failureOf(openS3Store(configOf("versioned", { lock })).put("a", Buffer.from("x"), go));
    expect(error.permanent).toBe(true);
    expect(error.hint).toContain("Object Lock");
  });

  test("a lock of mode governance is set as such", async () => {
    const config = configOf("locked", { lock: { mode: "governance", days: 1 } });
    await openS3Store(config).put("a", Buffer.from("x"), go);
    await deletionOf(config, "a"); // with the right to bypass: compliance would refuse it
    expect(await versionsOf(config, "a")).toEqual([]);
  });
});

test("what delete markers hide is seen again: those since an instant, and nothing that was never there", async () => {
  const config = configOf("locked", { lock: { mode: "compliance", days: 1 } });
  const store = openS3Store(config);
  const keys = ["systems/a/1", "systems/a/2", "systems/b"];
  for (const key of keys) await store.put(key, Buffer.from(key), go);
  for (const key of keys.slice(0, 2)) await store.delete(key, go);
  await createClient(config).send(
    new DeleteObjectCommand({ Bucket: config.bucket, Key: `${config.prefix}systems/never` }),
  );
  const listed = async () => {
    const found = [];
    for await (const { key } of store.list("", go)) found.push(key);
    return found;
  };
  expect(await listed()).toEqual(["systems/b"]);
  expect(await store.reveal?.("systems/", { since: new Date(Date.now() + 60_000), ...go })).toBe(0);
  expect(await store.reveal?.("systems/", { since: new Date(0), ...go })).toBe(2);
  expect(await listed()).toEqual(keys);
  expect((await buffer(await store.get("systems/a/1", go))).toString()).toBe("systems/a/1");
});

describe("a lock that is tried", () => {
  const now = new Date();
  const prove = (config: S3Config) => openS3Store(config).proveLock?.("doctor/", { ...go, now });
  const countVersions = async (config: S3Config) => {
    const Prefix = `${config.prefix}doctor/`;
    const page = await createClient(config).send(new ListObjectVersionsCommand({ Bucket: config.bucket, Prefix }));
    return page.Versions?.length ?? 0;
  };

  test("holds in both ways of storing, and is tried again on the same objects", async () => {
    const config = configOf("locked", { lock: { mode: "compliance", days: 1 } });
    const refused = { lockedUntil: expect.any(Date) as Date, deletion: "refused", bypass: "refused" };
    const probes = [
      { way: "single", ...refused },
      { way: "parts", ...refused },
    ];
    expect(await prove(config)).toEqual(probes);
    expect(await prove(config)).toEqual(probes);
    expect(await countVersions(config)).toBe(2);
  });

  test("of mode governance is told to be open to keys that may bypass it", async () => {
    const probes = await prove(configOf("locked", { lock: { mode: "governance", days: 1 } }));
    expect(probes?.map(({ deletion, bypass }) => [deletion, bypass])).toEqual([
      ["refused", "done"],
      ["refused", "done"],
    ]);
  });

  test("of a store that takes it and ignores it is found out: the objects are gone", async () => {
    const gateway = await startFaultyGateway(server, (request) =>
      request.includes("?retention") ? { kind: "ignore" } : pass,
    );
    const config = configOf("versioned", { endpoint: gateway.endpoint, lock: { mode: "compliance", days: 1 } });
    expect(await prove(config)).toEqual([
      { way: "single", lockedUntil: null, deletion: "done", bypass: "done" },
      { way: "parts", lockedUntil: null, deletion: "done", bypass: "done" },
    ]);
    expect(await countVersions(config)).toBe(0);
    await gateway.close();
  });

  test("is not tried where none is declared", () => {
    expect(openS3Store(configOf("locked")).proveLock).toBeUndefined();
  });
});

test("half uploads are removed below one prefix alone", async () => {
  const config = configOf("plain");
  const client = createClient(config);
  for (const name of ["systems/a", "other/b"]) {
    await client.send(new CreateMultipartUploadCommand({ Bucket: config.bucket, Key: `${config.prefix}${name}` }));
  }
  const later = new Date(Date.now() + 60_000);
  expect(await openS3Store(config).abortUnfinishedUploads(later, { ...go, below: "systems/" })).toBe(1);
  const { Uploads = [] } = await client.send(
    new ListMultipartUploadsCommand({ Bucket: config.bucket, Prefix: config.prefix }),
  );
  expect(Uploads.map(({ Key }) => Key)).toEqual([`${config.prefix}other/b`]);
  client.destroy();
});

describe("wrong settings", () => {
  const cases = [
    {
      name: "a wrong secret",
      change: () => ({ secretAccessKey: new Secret("wrong-secret-0123456789") }),
      cause: /SignatureDoesNotMatch/,
      hint: /secretAccessKey/,
    },
    {
      name: "an unknown access key",
      change: () => ({ accessKeyId: new Secret("NOSUCHKEY0123456789") }),
      cause: /InvalidAccessKeyId/,
      hint: /accessKeyId/,
    },
    {
      name: "a bucket that is not there",
      change: () => ({ bucket: "no-such-bucket" }),
      cause: /NoSuchBucket/,
      hint: /bucket/,
    },
  ];

  test.each(cases)("$name: permanent, with a hint, by every call, and no secret in it", async (about) => {
    const { change, cause, hint } = about;
    const config = configOf("plain", change());
    const store = openS3Store(config);
    const calls = [
      () => store.inspect(go),
      () => store.put("a", Buffer.from("x"), go),
      () => store.put("a", Readable.from([Buffer.from("x")]), go),
      () => store.get("a", go),
      () => Array.fromAsync(store.list("", go)),
      () => store.abortUnfinishedUploads(new Date(), go),
    ];
    for (const call of calls) {
      const error = await failureOf(call());
      expect(error.message).toMatch(cause);
      expect(error.hint).toMatch(hint);
      expect(error.permanent).toBe(true);
      const shown = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error);
      expect(shown).not.toContain(config.secretAccessKey.reveal());
      expect(shown).not.toMatch(/authorization/i);
    }
  });

  test("a missing permission: permanent, asked once, and the hint names what is needed", async () => {
    const gateway = await startFaultyGateway(server, () => ({ kind: "refuse", status: 403, code: "AccessDenied" }));
    try {
      const error = await failureOf(
        openS3Store(configOf("plain", { endpoint: gateway.endpoint })).put("a", Buffer.from("x"), go),
      );
      expect(error).toMatchObject({ permanent: true, hint: expect.stringContaining("s3:PutObject") });
      expect(gateway.requests.filter((line) => line.startsWith("HEAD"))).toHaveLength(1);
    } finally {
      await gateway.close();
    }
  });
});

describe("a store that fails", () => {
  let gateway: FaultyGateway | undefined;
  afterEach(async () => {
    await gateway?.close();
    gateway = undefined;
  });

  async function behind(faultOf: (request: string) => Fault, more: Partial<S3Config> = {}) {
    gateway = await startFaultyGateway(server, faultOf);
    const config = configOf("versioned", { endpoint: gateway.endpoint, ...more });
    return { store: openS3Store(config), direct: openS3Store({ ...config, endpoint: server.endpoint }), gateway };
  }

  /** A fault for the first `times` requests that match. */
  function first(times: number, pattern: RegExp, fault: Fault): (request: string) => Fault {
    let left = times;
    return (request) => (pattern.test(request) && left-- > 0 ? fault : pass);
  }

  const ofSize = (size: number) => Readable.from([Buffer.alloc(size, "0123456789")], { objectMode: false });

  test("by refusing the connection fails within a few seconds, and may pass", async () => {
    const { store, gateway: gone } = await behind(() => pass);
    await gone.close();
    const started = performance.now();
    const error = await failureOf(store.put("a", ofSize(10), go));
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(error).toMatchObject({ permanent: false, message: expect.stringContaining("ECONNREFUSED") });
  });

  test("by never answering fails after its timeouts, and may pass", async () => {
    const timeouts = { connectMs: 300, idleMs: 300 };
    const { store } = await behind(() => ({ kind: "deaf" }), { timeouts });
    const started = performance.now();
    const error = await failureOf(store.put("a", ofSize(10), go));
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(error).toMatchObject({ permanent: false, message: expect.stringContaining("does not answer") });
  });

  test("by never answering does not hold up an abort", async () => {
    const { store } = await behind(() => ({ kind: "deaf" }));
    const controller = new AbortController();
    const put = store.put("a", ofSize(10), { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(put).rejects.toMatchObject({ name: "CancelledError" });
  });

  test("for a moment is asked again", async () => {
    const { store, gateway: seen } = await behind(first(2, /^PUT/, { kind: "refuse", status: 503, code: "SlowDown" }));
    await store.put("a", Buffer.from("content"), go);
    expect(seen.requests.filter((line) => line.startsWith("PUT"))).toHaveLength(3);
    expect((await buffer(await store.get("a", go))).toString()).toBe("content");
  });

  test.each([
    { name: "the store is full", status: 507, code: "InsufficientStorage", permanent: false, hint: /space/ },
    { name: "the quota is used up", status: 403, code: "QuotaExceeded", permanent: false, hint: /quota/ },
    { name: "it stays broken", status: 500, code: "InternalError", permanent: false, hint: /Try again/ },
    { name: "the clocks differ", status: 403, code: "RequestTimeTooSkewed", permanent: true, hint: /clock/ },
    { name: "the region is wrong", status: 400, code: "AuthorizationHeaderMalformed", permanent: true, hint: /region/ },
  ])("because $name says so", async ({ status, code, permanent, hint }) => {
    const { store } = await behind((line) => (line.startsWith("PUT") ? { kind: "refuse", status, code } : pass));
    const error = await failureOf(store.put("a", Buffer.from("x"), go));
    expect(error.permanent).toBe(permanent);
    expect(error.hint).toMatch(hint);
    expect(error.message).toContain(code);
  });

  test.each([
    ["a single request", 1_000, /^PUT/],
    ["a part", 40 * MIB, /partNumber=2/],
  ])("to get the bytes of %s as they were sent: nothing is stored", async (_name, size, pattern) => {
    const { store, direct } = await behind((line) => (pattern.test(line) ? { kind: "flip-bit" } : pass));
    const error = await failureOf(store.put("a", ofSize(size), go));
    expect(error).toMatchObject({ permanent: false, message: expect.stringContaining("changed on their way") });
    expect(await direct.head("a", go)).toBeNull();
    expect(await direct.abortUnfinishedUploads(new Date(Date.now() + 3_600_000), go)).toBe(0);
  });

  test("in the middle of an upload leaves no object and no parts", async () => {
    const { store, direct } = await behind((line) =>
      /partNumber=2/.test(line) ? { kind: "refuse", status: 507, code: "InsufficientStorage" } : pass,
    );
    const source = ofSize(70 * MIB);
    expect(await failureOf(store.put("a", source, go))).toMatchObject({ permanent: false });
    expect(source.destroyed).toBe(true);
    expect(await direct.head("a", go)).toBeNull();
    expect(await direct.abortUnfinishedUploads(new Date(Date.now() + 3_600_000), go)).toBe(0);
  });

  test("when an upload's parts are to be taken back says that some may be left, and the clean-up finds them", async () => {
    const { store, direct } = await behind((line) =>
      /partNumber=2|^DELETE/.test(line) ? { kind: "refuse", status: 507, code: "InsufficientStorage" } : pass,
    );
    const error = await failureOf(store.put("a", ofSize(70 * MIB), go));
    expect(error.hint).toContain("may be left");
    expect(await direct.abortUnfinishedUploads(new Date(Date.now() + 3_600_000), go)).toBe(1);
  });

  test.each([
    ["of a single request", 1_000, /^PUT/],
    ["of the request that completes the parts", 40 * MIB, /^POST .*uploadId=/],
  ])("to deliver the answer %s: the object counts when it is there", async (_name, size, pattern) => {
    const { store, direct } = await behind(first(5, pattern, { kind: "lose-answer" }));
    const stored = await store.put("a", ofSize(size), go);
    expect(stored.sizeBytes).toBe(size);
    expect((await direct.head("a", go))?.sizeBytes).toBe(size);
    expect(await direct.abortUnfinishedUploads(new Date(Date.now() + 3_600_000), go)).toBe(0);
  });

  test.each([
    ["a single request", 1_000_000, /^PUT/],
    ["a part", 40 * MIB, /partNumber=2/],
  ])("by cutting %s, at whatever byte, is asked again; for ever it is named as cut", async (_name, size, pattern) => {
    const at = [0, 1, 65_536, 999_999];
    let isForEver = false;
    const { store, direct } = await behind((line) => (pattern.test(line) ? nextCut() : pass));
    const nextCut = (): Fault => {
      const afterBytes = isForEver ? 65_536 : at.shift();
      return afterBytes === undefined ? pass : { kind: "cut-request", afterBytes };
    };
    await store.put("a", ofSize(size), go);
    expect(at).toEqual([]);
    expect(await buffer(await direct.get("a", go))).toEqual(await buffer(ofSize(size)));

    isForEver = true;
    const error = await failureOf(store.put("b", ofSize(size), go));
    expect(error).toMatchObject({ permanent: false, message: expect.stringContaining("the connection broke off") });
    expect(await direct.head("b", go)).toBeNull();
    expect(await direct.abortUnfinishedUploads(new Date(Date.now() + 3_600_000), go)).toBe(0);
  });

  test("by cutting a read is asked for the rest, and the bytes are whole", async () => {
    const body = randomBytes(4 * MIB);
    const { store, gateway: seen } = await behind(first(3, /^GET .*\/a\?/, { kind: "cut-answer", afterBytes: MIB }));
    await store.put("a", body, go);
    expect((await buffer(await store.get("a", go))).equals(body)).toBe(true);
    expect(seen.requests.filter((line) => /^GET .*\/a\?/.test(line))).toHaveLength(4);
  });

  test("by cutting a read again and again errors the stream; it never just ends", async () => {
    const body = randomBytes(MIB);
    const { store } = await behind((line) =>
      /^GET .*\/a\?/.test(line) ? { kind: "cut-answer", afterBytes: 0 } : pass,
    );
    await store.put("a", body, go);
    const error = await failureOf(store.get("a", go).then((stream) => buffer(stream)));
    expect(error).toMatchObject({ permanent: false, operation: "read" });
  });

  test("when what is being read was replaced meanwhile: the rest of another object is never appended", async () => {
    const { store, direct } = await behind(first(1, /^GET .*\/a\?/, { kind: "cut-answer", afterBytes: MIB }));
    await store.replace("a", randomBytes(4 * MIB), go);
    const stream = await store.get("a", go);
    await direct.replace("a", randomBytes(4 * MIB), go);
    expect(await failureOf(buffer(stream))).toMatchObject({ permanent: true });
  });

  test("a slow reader gets all bytes, though the connection ends while he rests", async () => {
    const { store, gateway: seen } = await behind(() => pass, { timeouts: { connectMs: 1_000, idleMs: 200 } });
    const body = randomBytes(16 * MIB);
    await store.put("a", body, go);
    const stream = await store.get("a", go);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer);
      if (chunks.length === 1) await new Promise((resolve) => setTimeout(resolve, 500)); // longer than the store waits
    }
    expect(Buffer.concat(chunks).equals(body)).toBe(true);
    expect(seen.requests.filter((line) => /^GET .*\/a\?/.test(line)).length).toBeGreaterThan(1);
  });
});
