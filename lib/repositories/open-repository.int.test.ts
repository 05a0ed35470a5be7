import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestDatabase, VIEWER, openTestDatabase } from "@/lib/db/test-database";
import { type MemoryEngines, newMemorySigner, openMemoryEngines } from "@/lib/engines/memory-engines";
import { FaultyStore, storeFailure } from "@/lib/engines/object-store/memory/faulty";
import { openMemoryStore } from "@/lib/engines/object-store/memory/engine";
import {
  CancelledError,
  DamagedError,
  EngineError,
  NotFoundError,
  PreconditionError,
  RefusedError,
} from "@/lib/kernel/errors";
import { newId } from "@/lib/kernel/ids";
import { listRepositories, openKnownRepository, openRepository } from ".";
import { RepositoryIdentity } from "./schemas";

let database: TestDatabase;
let engines: MemoryEngines;
let store: FaultyStore;
const signal = new AbortController().signal;
const go = { signal };

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.db.repository.deleteMany();
  await database.db.repository.create({
    data: {
      id: newId(),
      name: "primary",
      kind: "directory",
      location: "/mnt/primary",
      createdAt: database.clock.now(),
    },
  });
  engines = openMemoryEngines({ now: () => database.clock.now() });
  store = new FaultyStore(openMemoryStore());
  engines.stores.set("primary", store);
});

const open = (with_ = engines, stop = signal) => openRepository(database.jobCtx(with_, stop), "primary");
const rowOf = () => database.db.repository.findUniqueOrThrow({ where: { name: "primary" } });
const textOf = async (key: string) => text(await store.get(key, go));
const identityOf = async () => RepositoryIdentity.parse(JSON.parse(await textOf("holdfast.json")));

describe("a repository that is opened", () => {
  test("for the first time gets an identity with our key, how to restore without us, and is pinned", async () => {
    const opened = await open();
    expect(await identityOf()).toEqual(opened.identity);
    expect(opened.identity.publicKeys).toEqual([engines.signer.publicPem]);
    expect(await textOf("restore.sh")).toBe(engines.restoreScript);
    expect(await textOf("README.md")).toContain(opened.identity.id);
    expect(await rowOf()).toMatchObject({ identity: opened.identity.id, checkError: null });
  });

  test("again is the same, and nothing is written", async () => {
    const first = await open();
    const written: string[] = [];
    store.before = (operation, key) => {
      if (operation === "put" || operation === "replace") written.push(key);
    };
    expect((await open()).identity).toEqual(first.identity);
    expect(written).toEqual([]);
  });

  test("by several at once gets one identity, however slow it is", async () => {
    store.before = () => delay(25);
    const opened = await Promise.all([open(), open(), open(), open()]);
    expect(new Set(opened.map(({ identity }) => identity.id)).size).toBe(1);
    expect((await rowOf()).identity).toBe((await identityOf()).id);
  });

  test("after a runner died while it made it is finished, not refused as foreign", async () => {
    store.before = (operation, key) => {
      if (operation === "replace" && key !== "holdfast.json") throw storeFailure("killed");
    };
    await expect(open()).rejects.toThrow("killed");
    store.fail(null);
    const opened = await open();
    expect(await textOf("restore.sh")).toBe(engines.restoreScript);
    expect((await identityOf()).id).toBe(opened.identity.id);
  });

  test("by a newer version carries that version's script", async () => {
    await open();
    await open({ ...engines, restoreScript: "#!/bin/sh\n# newer\n" });
    expect(await textOf("restore.sh")).toContain("newer");
  });

  test("with another signing key keeps the first one's signatures valid", async () => {
    const first = await open();
    const other = { ...engines, signer: newMemorySigner() };
    const second = await open(other);
    expect(second.identity).toEqual({
      ...first.identity,
      publicKeys: [engines.signer.publicPem, other.signer.publicPem],
    });
  });
});

describe("a repository is refused", () => {
  test("where something else lies already, and nothing is written over it", async () => {
    await store.put("photos/1.jpg", Buffer.from("x"), go);
    await expect(open()).rejects.toThrow(RefusedError);
    await expect(open()).rejects.toThrow(/photos\/1\.jpg/);
    expect(await store.head("holdfast.json", go)).toBeNull();
    expect((await rowOf()).identity).toBeNull();
    expect((await rowOf()).checkError).toContain("not ours");
  });

  test("that holds another identity than the pinned one", async () => {
    await open();
    engines.stores.set("primary", openMemoryStore());
    await database.db.repository.update({ where: { name: "primary" }, data: { identity: null } });
    await open();
    engines.stores.set("primary", store);
    await expect(open()).rejects.toThrow(/another identity/);
  });

  test("that was emptied: it is not initialised a second time", async () => {
    await open();
    await store.delete("holdfast.json", go);
    await expect(open()).rejects.toThrow(/holdfast\.json is gone/);
    expect(await store.head("holdfast.json", go)).toBeNull();
  });

  test.each(["{", '{"format":2}', '{"format":1,"id":"x","publicKeys":[]}'])(
    "whose holdfast.json is %s, as damaged and not as a defect of ours",
    async (content) => {
      await open();
      await store.replace("holdfast.json", Buffer.from(content), go);
      await expect(open()).rejects.toThrow(DamagedError);
      expect((await rowOf()).checkError).toContain("cannot be read");
    },
  );

  test.each(["list", "head"] as const)("whose %s our keys may not do: nothing is initialised", async (operation) => {
    store.before = (asked) => {
      if (asked === operation) throw storeFailure("the credentials lack a permission");
    };
    await expect(open()).rejects.toThrow("lack a permission");
    store.fail(null);
    expect(await Array.fromAsync(store.list("", go))).toEqual([]);
    expect((await rowOf()).identity).toBeNull();
  });

  test("that looks empty and is not pinned, though the catalogue knows of backups in it", async () => {
    const { id: repositoryId } = await rowOf();
    const now = database.clock.now();
    const system = { name: "database", kind: "mariadb", impact: "high", rtoTargetSeconds: 60, createdAt: now };
    const { id: systemId } = await database.db.system.create({ data: { id: newId(), ...system } });
    const backup = { systemId, type: "full", method: "logical", state: "complete", startedAt: now };
    const copies = { create: { repositoryId, state: "present" } };
    await database.db.backup.create({ data: { id: newId(), ...backup, copies } });
    await expect(open()).rejects.toThrow(/the catalogue knows of backups in it/);
    expect(await Array.fromAsync(store.list("", go))).toEqual([]);
    await database.db.backupCopy.deleteMany();
    expect((await open()).identity.id).toBe((await identityOf()).id);
  });

  test("to be read, where it was never initialised, was replaced, or lost its holdfast.json", async () => {
    const openKnown = () => openKnownRepository(database.jobCtx(engines), "primary");
    await expect(openKnown()).rejects.toThrow(PreconditionError);
    await open();
    expect((await openKnown()).identity).toEqual(await identityOf());
    await store.delete("holdfast.json", go);
    await expect(openKnown()).rejects.toThrow(/has no holdfast\.json/);
    engines.stores.set("primary", openMemoryStore());
    await database.db.repository.update({ where: { name: "primary" }, data: { identity: null } });
    await open();
    await database.db.repository.update({ where: { name: "primary" }, data: { identity: newId() } });
    await expect(openKnown()).rejects.toThrow(/another identity/);
  });

  test("that is not declared", async () => {
    await expect(openRepository(database.jobCtx(engines), "tertiary")).rejects.toThrow(NotFoundError);
  });
});

test("what a repository said last is kept, and a shutdown says nothing about it", async () => {
  store.fail("nobody answers");
  await expect(open()).rejects.toThrow(EngineError);
  const { repositories } = await listRepositories(database.ctx(VIEWER));
  expect(repositories).toEqual([
    expect.objectContaining({ name: "primary", checkError: "nobody answers", backups: 0, storedBytes: 0 }),
  ]);
  store.fail(null);
  await open();
  expect((await rowOf()).checkError).toBeNull();
  await expect(open(engines, AbortSignal.abort())).rejects.toThrow(CancelledError);
  expect((await rowOf()).checkError).toBeNull();
});
