import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type TestDatabase, openTestDatabase, systemActor } from "@/lib/db/test-database";
import { beginMemoryEstate } from "@/lib/db/test-protection";
import { declareEstate } from "@/lib/db/test-estate";
import { type MemoryEngines, openMemoryEngines } from "@/lib/engines/memory-engines";
import { openMemoryStore } from "@/lib/engines/object-store/memory/engine";
import { FaultyStore, storeFailure } from "@/lib/engines/object-store/memory/faulty";
import { isSignatureValid } from "@/lib/kernel/crypto";
import { EngineError } from "@/lib/kernel/errors";
import type * as WaitFor from "@/lib/kernel/wait-for";
import { findObject, repositoryKeys } from "@/lib/repositories";
import { shipLog } from ".";

// The clock of the waits: what takes a second there takes a moment here.
vi.mock("@/lib/kernel/wait-for", async (original) => {
  const { waitFor } = await original<typeof WaitFor>();
  return { waitFor: (ms: number, signal: AbortSignal) => waitFor(Math.min(ms, 25), signal) };
});

let database: TestDatabase;
let engines: MemoryEngines;
let stores: Record<"primary" | "secondary", FaultyStore>;
let systemId: string;
const running: { stopping: AbortController; ended: Promise<void> }[] = [];
const signal = new AbortController().signal;

let auditSince: () => Promise<string[]>;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  ({ systemId, engines, stores, auditSince } = await beginMemoryEstate(database));
  engines = openMemoryEngines({ now: () => database.clock.now() });
  stores = { primary: new FaultyStore(openMemoryStore()), secondary: new FaultyStore(openMemoryStore()) };
  for (const [name, store] of Object.entries(stores)) engines.stores.set(name, store);
});
afterEach(async () => {
  for (const { stopping } of running) stopping.abort();
  await Promise.allSettled(running.splice(0).map(({ ended }) => ended));
});

/** A runner that ships the log until it is stopped. */
function start(): { stop: () => Promise<void>; ended: Promise<void> } {
  const stopping = new AbortController();
  const ctx = { ...database.jobCtx(engines, stopping.signal), actor: systemActor("runner") };
  const ended = shipLog(ctx, "database");
  ended.catch(() => undefined);
  running.push({ stopping, ended });
  return {
    ended,
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}

const server = () => engines.mariadb.server;

/** Writes and beats once, and moves the clock a second. */
function work(seq: number): void {
  server().write(`order ${seq}`);
  server().beat(BigInt(seq));
  database.clock.advance(1_000);
}

async function keysOf(name: "primary" | "secondary"): Promise<string[]> {
  const keys: string[] = [];
  for await (const object of stores[name].inner.list("systems/database/log/", { signal })) keys.push(object.key);
  return keys;
}

const rowsOf = async (name: string) => {
  const rows = await database.db.logCoverage.findMany({ where: { repository: { name } }, orderBy: { file: "asc" } });
  return rows.map(({ file, startOffset, endOffset, nextFile, heartbeatAt, compactedAt, incarnation, segments }) => ({
    file,
    bytes: [Number(startOffset), Number(endOffset)],
    nextFile,
    heartbeatAt,
    isCompacted: compactedAt !== null,
    incarnation,
    segments,
  }));
};

const until = (fact: () => Promise<void>) => vi.waitFor(fact, { timeout: 15_000, interval: 10 });

/** Both repositories have every byte that the server has written. */
const untilShipped = (names: readonly string[] = ["primary", "secondary"]) =>
  until(async () => {
    for (const name of names) {
      const newest = (await rowsOf(name)).at(-1);
      expect(newest).toMatchObject({ file: server().file, bytes: [0, server().position.offset] });
    }
  });

describe("the log of a system", () => {
  test("is shipped to every repository, whole from byte 0, each stretch under a name that proves it", async () => {
    work(1);
    start();
    await untilShipped();
    work(2);
    await untilShipped();
    for (const name of ["primary", "secondary"] as const) {
      const segments = (await keysOf(name)).map((key) => repositoryKeys.parseSegmentName(key.split("/").at(-1) ?? ""));
      expect(segments.map((segment) => [segment?.file, segment?.encrypted])).toEqual([
        ["binlog.000001", true],
        ["binlog.000001", true],
      ]);
      expect(segments[0]?.start).toBe(0);
      expect(segments[1]?.start).toBe(segments[0]?.end);
      expect(segments[1]?.end).toBe(server().position.offset);
    }
    const [row] = await rowsOf("primary");
    expect(row?.heartbeatAt).toEqual(new Date("2026-11-23T10:00:01.000Z"));
    const system = await database.db.system.findUniqueOrThrow({ where: { id: systemId } });
    expect(system).toMatchObject({ logServerId: "1", logIncarnation: engines.mariadb.collectors[0]?.incarnation });
    expect((await auditSince()).filter((action) => action === "log.incarnation-begun")).toHaveLength(1);
  });

  test("goes on in the other repository while one is away, which catches up afterwards without a gap", async () => {
    start();
    work(1);
    await untilShipped();
    const before = await rowsOf("secondary");
    stores.secondary.fail("the site is down");
    for (const seq of [2, 3]) {
      work(seq);
      await untilShipped(["primary"]);
    }
    server().rotate();
    work(4);
    await untilShipped(["primary"]);
    expect(await rowsOf("secondary")).toEqual(before);
    const away = await database.db.repository.findUniqueOrThrow({ where: { name: "secondary" } });
    expect(away.checkError).toBe("the site is down");

    stores.secondary.fail(null);
    await untilShipped();
    const bytes = (rows: Awaited<ReturnType<typeof rowsOf>>) =>
      rows.map(({ file, bytes: range, nextFile }) => ({ file, range, nextFile }));
    expect(bytes(await rowsOf("secondary"))).toEqual(bytes(await rowsOf("primary")));
    await until(async () => {
      expect((await database.db.repository.findUniqueOrThrow({ where: { name: "secondary" } })).checkError).toBeNull();
    });
    expect(await database.db.logGap.count()).toBe(0);
  });

  test("is not forgotten by the collector before every repository has it", async () => {
    stores.secondary.fail("away");
    start();
    work(1);
    await untilShipped(["primary"]);
    await until(async () => {
      await Promise.resolve();
      expect(engines.mariadb.collectors[0]?.released.at(-1)).toEqual([
        { file: "binlog.000001", offset: server().position.offset },
        { file: "binlog.000001", offset: 0 },
      ]);
    });
  });

  test("is taken up by the next runner where the newest repository has it, as the same log", async () => {
    const first = start();
    work(1);
    await untilShipped();
    await first.stop();
    work(2);
    start();
    await untilShipped();
    expect(new Set((await rowsOf("primary")).map((row) => row.incarnation)).size).toBe(1);
    const [, second] = engines.mariadb.collectors;
    expect(second?.incarnation).toBe(engines.mariadb.collectors[0]?.incarnation);
    expect((await keysOf("primary")).length).toBe(2);
  });

  test("that was stored and not counted when its runner died is stored once and counted", async () => {
    work(1);
    const first = start();
    await untilShipped();
    await first.stop();
    await database.db.logCoverage.updateMany({ data: { endOffset: 0, segments: 0 } });
    const stored = await keysOf("primary");
    start();
    await untilShipped();
    expect(await keysOf("primary")).toEqual(stored);
  });

  test("of two runners at once never goes back in what is counted", async () => {
    work(1);
    start();
    await untilShipped();
    start();
    for (const seq of [2, 3, 4]) {
      work(seq);
      await untilShipped();
    }
    for (const name of ["primary", "secondary"] as const) {
      expect((await rowsOf(name)).map((row) => row.bytes)).toEqual([[0, server().position.offset]]);
    }
  });

  test("is compacted once a file is closed: one signed object in the place of its segments, in each repository", async () => {
    start();
    work(1);
    await untilShipped();
    work(2);
    server().rotate();
    work(3);
    await untilShipped();
    await until(async () => {
      for (const name of ["primary", "secondary"]) expect((await rowsOf(name))[0]?.isCompacted).toBe(true);
    });
    const prefix = (await keysOf("primary"))[0]?.replace(/[^/]+$/, "") ?? "";
    const closed = (await keysOf("primary")).filter((key) => key.includes("binlog.000001"));
    expect(closed.map((key) => key.slice(prefix.length))).toEqual([
      "binlog.000001.json",
      "binlog.000001.json.sig",
      "binlog.000001.zst.age",
    ]);
    const facts = await findObject(stores.primary, `${prefix}binlog.000001.json`, signal);
    const signature = await findObject(stores.primary, `${prefix}binlog.000001.json.sig`, signal);
    expect(facts && signature && isSignatureValid(engines.signer.publicPem, facts, signature)).toBe(true);
    expect(JSON.parse(String(facts))).toMatchObject({
      file: "binlog.000001",
      nextFile: "binlog.000002",
      sizeBytes: server().bytesOf("binlog.000001").length,
    });
  });

  test("keeps its segments where the server has another file of that name, and ships on", async () => {
    await declareEstate(database, (estate) => {
      estate.systems.database.backup.log.to = ["primary"];
    });
    let isReplaced = false;
    stores.primary.before = (operation, key) => {
      if (operation !== "delete" || !key.endsWith("binlog.000001.zst.age") || isReplaced) return;
      // Between the last segment and the compaction the server has another whole file: its first and last event.
      const lines = server().bytesOf("binlog.000001").toString().trimEnd().split("\n");
      server().files.set("binlog.000001", Buffer.from(`${lines[0]}\n${lines.at(-1)}\n`));
      isReplaced = true;
    };
    const first = start();
    work(1);
    await untilShipped(["primary"]);
    server().rotate();
    work(2);
    await until(async () => {
      await Promise.resolve();
      expect(isReplaced).toBe(true);
    });
    work(3);
    await untilShipped(["primary"]);
    await first.stop();
    const names = (await keysOf("primary")).map((key) => key.split("/").at(-1) ?? "");
    expect(
      names.filter((name) => name.startsWith("binlog.000001")).every((name) => repositoryKeys.parseSegmentName(name)),
    ).toBe(true);
    expect((await rowsOf("primary"))[0]).toMatchObject({ nextFile: "binlog.000002", isCompacted: false });
  });

  test("is compacted to its end by the next runner when the first died in the middle of it", async () => {
    await declareEstate(database, (estate) => {
      estate.systems.database.backup.log.to = ["primary"];
    });
    const deleted: string[] = [];
    stores.primary.before = (operation, key) => {
      if (operation !== "delete" || !repositoryKeys.parseSegmentName(key.split("/").at(-1) ?? "")) return;
      deleted.push(key);
      if (deleted.length === 2) throw storeFailure("the runner was killed");
    };
    const first = start();
    work(1);
    await untilShipped(["primary"]);
    work(2);
    await untilShipped(["primary"]);
    server().rotate();
    work(3);
    await until(async () => {
      await Promise.resolve();
      expect(deleted.length).toBeGreaterThanOrEqual(2);
    });
    await first.stop();
    server().purge("binlog.000001"); // what was compacted is all there is
    stores.primary.fail(null);
    start();
    await until(async () => {
      expect((await rowsOf("primary"))[0]?.isCompacted).toBe(true);
    });
    const names = (await keysOf("primary")).map((key) => key.split("/").at(-1));
    expect(names).toContain("binlog.000001.zst.age");
    expect(names.filter((name) => name?.startsWith("binlog.000001.") && repositoryKeys.parseSegmentName(name))).toEqual(
      [],
    );
  });
});

describe("a hole in the log", () => {
  test("is recorded once, with its event, and a new log begins, with a full for it", async () => {
    start();
    work(1);
    await untilShipped();
    const [first] = engines.mariadb.collectors;
    server().resetLog();
    work(2);
    await until(async () => {
      expect(engines.mariadb.collectors.length).toBe(2);
      await untilShipped();
    });
    const [, second] = engines.mariadb.collectors;
    expect(second?.incarnation).not.toBe(first?.incarnation);
    expect(first?.isStopped).toBe(true);
    const gaps = await database.db.logGap.findMany();
    expect(gaps).toMatchObject([{ incarnation: first?.incarnation, file: "binlog.000001" }]);
    await until(async () => {
      const runs = await database.db.run.findMany({ select: { kind: true, state: true } });
      expect(runs).toEqual([{ kind: "backup", state: "queued" }]);
    });
    const actions = await auditSince();
    expect(actions.filter((action) => action === "log.gap-detected")).toHaveLength(1);
    expect(actions.filter((action) => action === "log.incarnation-begun")).toHaveLength(2);
  });

  test("ends the old log's lanes: nothing asks the collector that was stopped any more", async () => {
    start();
    work(1);
    await untilShipped();
    server().resetLog();
    await until(async () => {
      await Promise.resolve();
      expect(engines.mariadb.collectors.length).toBe(2);
    });
    const [first] = engines.mariadb.collectors;
    const asked = vi.spyOn(first ?? expect.fail("no collector"), "next");
    work(2);
    await untilShipped();
    work(3);
    await untilShipped();
    expect(asked).not.toHaveBeenCalled();
    expect((await database.db.repository.findMany()).map((row) => row.checkError)).toEqual([null, null]);
  });

  test("does not lose what lies before it for a repository that was behind", async () => {
    start();
    await until(async () => {
      expect(
        (await database.db.repository.findUniqueOrThrow({ where: { name: "secondary" } })).identity,
      ).not.toBeNull();
    });
    stores.secondary.fail("away");
    work(1);
    server().rotate();
    work(2);
    server().rotate();
    work(3);
    await untilShipped(["primary"]);
    const [first] = engines.mariadb.collectors;
    stores.secondary.fail(null);
    server().purge("binlog.000002");
    await until(async () => {
      expect((await rowsOf("secondary")).filter((row) => row.incarnation === first?.incarnation)).toMatchObject([
        { file: "binlog.000001", bytes: [0, server().bytesOf("binlog.000001").length], nextFile: "binlog.000002" },
      ]);
      expect(await database.db.logGap.findMany()).toMatchObject([{ file: "binlog.000002" }]);
    });
  });

  test("does not wait for a repository that is away: the new log begins without it", async () => {
    start();
    work(1);
    await untilShipped();
    stores.secondary.fail("away");
    server().resetLog();
    work(2);
    await until(async () => {
      await Promise.resolve();
      expect(engines.mariadb.collectors.length).toBe(2);
    });
    await untilShipped(["primary"]);
  });
});

describe("following the log", () => {
  test("is given up with its reason when the collector ended by itself, so that another one is started", async () => {
    const { ended } = start();
    work(1);
    await untilShipped();
    const [collector] = engines.mariadb.collectors;
    if (collector) collector.brokenBy = "an unexpected end";
    await expect(ended).rejects.toThrow("an unexpected end");
    expect(collector?.isStopped).toBe(true);
  });

  test("is tried again later when the server does not answer at the start", async () => {
    server().fail("nobody answers");
    await expect(start().ended).rejects.toThrow(EngineError);
    expect(await database.db.logGap.count()).toBe(0);
  });

  test("waits for a server that is away for a while, and loses nothing", async () => {
    start();
    work(1);
    await untilShipped();
    server().fail("restarting");
    await until(async () => {
      expect(
        (await database.db.repository.findUniqueOrThrow({ where: { name: "primary" } })).checkError,
      ).not.toBeNull();
    });
    server().fail(null);
    work(2);
    await untilShipped();
    expect(await database.db.logGap.count()).toBe(0);
  });

  test("ends at the signal, and with it every lane", async () => {
    const { stop } = start();
    work(1);
    await untilShipped();
    await stop();
    const before = await keysOf("primary");
    work(2);
    expect(engines.mariadb.collectors[0]?.isStopped).toBe(true);
    expect(await keysOf("primary")).toEqual(before);
  });

  test("of a system without a declared log is refused", async () => {
    await declareEstate(database, (estate) => {
      delete (estate.systems.database.backup as { log?: unknown }).log;
    });
    await expect(start().ended).rejects.toThrow(/declares no log backup/);
  });
});
