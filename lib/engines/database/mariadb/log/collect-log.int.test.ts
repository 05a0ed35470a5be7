import { appendFile, mkdir, readFile, readdir, rm, stat, truncate } from "node:fs/promises";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { honestSize } from "@/bench/size";
import { startCuttingProxy } from "@/demo/mariadb/cutting-proxy";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { createRandom } from "@/demo/shop/seeded-random";
import {
  type CollectOptions,
  type Connection,
  type LogChunk,
  type LogCollector,
  type LogCollectorState,
  LogGapError,
  type LogOffset,
  type LogResume,
} from "../../port";
import { openHeartbeat, prepareHeartbeat } from "../heartbeat";
import { collectLog } from "./collect-log";
import { IN_USE_OFFSET } from "./event-types";
import { readLog } from "./read-log";
import { deriveReplicaId } from "./replica-id";

const directory = `/var/tmp/hf-log-collect-${process.pid}`;
const { signal } = new AbortController();
let server: MariadbServer;
let collectors: LogCollector[] = [];
let spools = 0;

beforeAll(async () => {
  await mkdir(directory, { recursive: true });
  server = await startMariadbServer({ directory: join(directory, "s"), serverId: 7, binlog: true });
  await server.run("CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGBLOB)");
  await prepareHeartbeat(server.holdfast, signal);
}, 60_000);

afterEach(async () => {
  for (const collector of collectors) await collector.stop();
  collectors = [];
});

afterAll(async () => {
  await server.kill();
  await rm(directory, { recursive: true, force: true });
});

/** What a consumer keeps: its position, and the bytes as it would store them. */
class Repository {
  at: LogOffset | null = null;
  chunks: LogChunk[] = [];
  readonly path: string;

  constructor(name: string) {
    this.path = join(directory, `repository-${name}`);
  }

  /** Takes what is there now. */
  async take(collector: LogCollector, maxBytes = 2 ** 20): Promise<void> {
    await mkdir(this.path, { recursive: true });
    for (;;) {
      const at = this.at ?? collector.begin;
      const chunk = await collector.next(at, maxBytes);
      if (!chunk) return;
      expect(chunk.start).toBe(chunk.file === at.file ? at.offset : 0);
      const bytes = await buffer(await collector.read(chunk));
      expect(bytes.length).toBe(chunk.end - chunk.start);
      await appendFile(join(this.path, chunk.file), bytes);
      this.at = { file: chunk.file, offset: chunk.end };
      this.chunks.push(chunk);
    }
  }

  resume(collector: LogCollector): LogResume {
    const at = this.at ?? collector.begin;
    const { serverId, incarnation } = collector;
    return { ...at, serverId, incarnation, fileId: this.chunks.at(-1)?.fileId ?? null };
  }
}

function newSpool(): string {
  spools += 1;
  return join(directory, `spool-${spools}`);
}

async function collect(
  options: Partial<CollectOptions> = {},
  connection: Connection = server.holdfast,
): Promise<LogCollector> {
  const given = { spool: newSpool(), identity: `test/${process.pid}`, from: null, silenceMs: 1_000, signal };
  const collector = await collectLog(connection, { ...given, ...options });
  collectors.push(collector);
  return collector;
}

async function endOfLog(): Promise<LogOffset> {
  const [row] = await server.run("SHOW MASTER STATUS");
  return { file: String(row?.File), offset: Number(row?.Position) };
}

/** Waits until a repository has everything that the server has written. */
async function catchUp(collector: LogCollector, repository: Repository): Promise<void> {
  await vi.waitFor(
    async () => {
      await repository.take(collector);
      // Asked each time: after a rotation the server adds a checkpoint of its own, later.
      expect(repository.at).toEqual(await endOfLog());
    },
    { timeout: 15_000, interval: 20 },
  );
}

async function waitForPhase(collector: LogCollector, phase: LogCollectorState["phase"]): Promise<LogCollectorState> {
  await vi.waitFor(() => expect(collector.state().phase).toBe(phase), { timeout: 15_000, interval: 20 });
  return collector.state();
}

async function write(count: number, bytes = 100): Promise<void> {
  const statements = Array.from({ length: count }, () => `INSERT INTO shop.t (v) VALUES (REPEAT('x', ${bytes}))`);
  await server.run(...statements);
}

/** The server's own file without the flag that says whether it is open. */
async function serverFile(file: string): Promise<Buffer> {
  const bytes = await readFile(join(server.dataDirectory, file));
  bytes.writeUInt8(0, IN_USE_OFFSET);
  return bytes;
}

async function expectEqualBytes(repository: Repository): Promise<void> {
  const files = (await readdir(repository.path)).sort();
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    const ours = await readFile(join(repository.path, file));
    const theirs = await serverFile(file);
    expect(ours.equals(theirs.subarray(0, ours.length)), file).toBe(true);
    if (file !== repository.at?.file) expect(ours.length, file).toBe(theirs.length);
  }
}

describe("the collector", () => {
  test("gives each repository the server's bytes, over a kill -9 of the server under load", async () => {
    const collector = await collect();
    const [fast, slow] = [new Repository("fast"), new Repository("slow")];
    await write(50);
    await catchUp(collector, fast);
    for (let round = 0; round < 3; round += 1) {
      const load = write(500).catch(() => "the server was killed");
      await vi.waitFor(async () => expect(await collector.next(fast.at ?? collector.begin, 2 ** 20)).not.toBeNull());
      await fast.take(collector);
      await server.kill();
      await load;
      expect((await waitForPhase(collector, "waiting")).message).toMatch(/could not/);
      await server.restart();
      await write(20);
      await catchUp(collector, fast);
    }
    expect(collector.state().phase).toBe("following");
    await slow.take(collector);
    await expectEqualBytes(fast);
    await expectEqualBytes(slow);
    const paths = (await readdir(fast.path)).sort().map((file) => join(fast.path, file));
    expect(paths.length).toBeGreaterThanOrEqual(4);
    const gtids: string[] = [];
    for await (const { gtid } of readLog(paths, 0, signal)) gtids.push(gtid);
    expect(fast.chunks.reduce((sum, chunk) => sum + chunk.transactions, 0)).toBe(gtids.length);
    expect(fast.chunks.filter((chunk) => chunk.lastGtid).at(-1)?.lastGtid).toBe(gtids.at(-1));
  }, 60_000);

  test("says in each chunk what it holds, and which file follows the last of one", async () => {
    await server.run("FLUSH BINARY LOGS");
    const collector = await collect();
    const repository = new Repository("facts");
    const heartbeat = openHeartbeat(server.holdfast);
    await write(3);
    const beat = await heartbeat.beat(42n, signal);
    await heartbeat.close();
    const { file } = await endOfLog();
    await server.run("FLUSH BINARY LOGS");
    await write(1);
    await catchUp(collector, repository);
    const own = repository.chunks.filter((chunk) => chunk.file === file);
    expect(own.reduce((sum, chunk) => sum + chunk.transactions, 0)).toBe(4);
    expect(own.findLast((chunk) => chunk.heartbeat)?.heartbeat).toEqual(beat);
    expect(own.at(-1)?.nextFile).toBe((await endOfLog()).file);
    expect(own.slice(0, -1).every((chunk) => chunk.nextFile === null && !chunk.endsInTransaction)).toBe(true);
    await expectEqualBytes(repository);
  });

  test("cuts a transaction that is larger than a chunk between its events, and only that", async () => {
    const collector = await collect();
    const repository = new Repository("large");
    const rows = Array.from({ length: 8 }, () => "INSERT INTO shop.t (v) VALUES (REPEAT('y', 100000))");
    await server.run("BEGIN", ...rows, "COMMIT");
    await write(2);
    const end = await endOfLog();
    await vi.waitFor(async () => {
      await repository.take(collector, 250_000);
      expect(repository.at).toEqual(end);
    });
    const parts = repository.chunks.filter((chunk) => chunk.endsInTransaction);
    expect(parts.length).toBeGreaterThanOrEqual(2);
    expect(parts.every((chunk) => chunk.transactions === 0 || chunk.lastGtid !== null)).toBe(true);
    expect(repository.chunks.at(-1)).toMatchObject({ endsInTransaction: false });
    await expectEqualBytes(repository);
  });

  test("keeps its spool from everyone else", async () => {
    const spool = newSpool();
    await collect({ spool });
    expect((await stat(spool)).mode & 0o777).toBe(0o700);
  });
});

describe("a new collector", () => {
  test("goes on at the byte after the last shipped one, in the same incarnation", async () => {
    const repository = new Repository("resumed");
    const first = await collect();
    await write(20);
    await catchUp(first, repository);
    const resume = repository.resume(first);
    await first.stop();
    await write(20);
    // Another runner: nothing of the earlier spool is there.
    const second = await collect({ from: resume });
    expect([second.incarnation, second.serverId]).toEqual([first.incarnation, "7"]);
    await server.run("FLUSH BINARY LOGS");
    await write(5);
    await catchUp(second, repository);
    expect(
      repository.chunks.find((chunk) => chunk.start === resume.offset && chunk.file === resume.file),
    ).toBeDefined();
    await expectEqualBytes(repository);
  });

  test("gives what an earlier one left in the spool, although the server is gone", async () => {
    const [spool, repository] = [newSpool(), new Repository("left")];
    const first = await collect({ spool });
    await write(5);
    await catchUp(first, repository);
    const resume = repository.resume(first);
    await write(30);
    const end = await endOfLog();
    await vi.waitFor(() => expect(first.state().collectedTo).toEqual(end));
    await first.stop();
    await server.kill();
    const second = await collect({ spool, from: resume });
    await repository.take(second);
    expect(repository.at).toEqual(end);
    await expectEqualBytes(repository);
    await server.restart();
    await write(5);
    await catchUp(second, repository);
    await expectEqualBytes(repository);
  });

  test("fetches from the server what a repository that was away still needs", async () => {
    const [fast, slow] = [new Repository("present"), new Repository("away")];
    const first = await collect();
    await write(5);
    await catchUp(first, slow);
    await server.run("FLUSH BINARY LOGS");
    await write(5, 50_000);
    await server.run("FLUSH BINARY LOGS");
    await write(5);
    await catchUp(first, fast);
    const resume = fast.resume(first);
    await first.stop();
    const second = await collect({ from: resume });
    await catchUp(second, slow);
    expect(slow.chunks.at(-1)?.end).toBe(fast.chunks.at(-1)?.end);
    await expectEqualBytes(slow);
  });

  test("cannot begin in the middle of a file", async () => {
    const from = { ...(await endOfLog()), incarnation: null, serverId: null, fileId: null };
    await expect(collect({ from })).rejects.toThrow("cannot be begun in the middle");
  });
});

describe("a real replica", () => {
  test("keeps its connection where it has the very id that the collector would take", async () => {
    const identity = "test/replica";
    const serverId = deriveReplicaId(identity, []);
    const replica = await startMariadbServer({ directory: join(directory, "r"), serverId, binlog: false });
    const { user, password } = server.holdfast;
    await replica.run(
      `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${server.port}, MASTER_USER = '${user}', MASTER_PASSWORD = '${password.reveal()}', MASTER_USE_GTID = slave_pos`,
      "START SLAVE",
    );
    const ids = async () => (await server.run("SHOW SLAVE HOSTS")).map((row) => Number(row.Server_id));
    await vi.waitFor(async () => expect(await ids()).toEqual([serverId]), 10_000);
    const collector = await collect({ identity });
    const repository = new Repository("beside-a-replica");
    await write(5);
    await catchUp(collector, repository);
    const [state] = await replica.run("SHOW SLAVE STATUS");
    expect([state?.Slave_IO_Running, state?.Last_IO_Error]).toEqual(["Yes", ""]);
    await replica.kill();
  });
});

describe("a full spool", () => {
  test("stops the copying by name until something was shipped, and loses nothing", async () => {
    const [spool, spoolBytesMax] = [newSpool(), 4 * 2 ** 20];
    const collector = await collect({ spool, spoolBytesMax });
    const repository = new Repository("full");
    await write(16, 2 ** 20);
    const full = await waitForPhase(collector, "full");
    expect(full.message).toContain("the spool is full");
    // It is noticed after 4 MiB, the largest event is 1 MiB.
    expect(full.spoolBytes).toBeLessThan(spoolBytesMax + 6 * 2 ** 20);
    const names = await readdir(spool, { recursive: true });
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(spool, name))).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(spoolBytesMax + 6 * 2 ** 20);
    const end = await endOfLog();
    await vi.waitFor(async () => {
      await repository.take(collector);
      await collector.release([repository.at ?? collector.begin]);
      expect(repository.at).toEqual(end);
    }, 15_000);
    expect(collector.state().spoolBytes).toBeLessThan(spoolBytesMax);
    await expectEqualBytes(repository);
  });

  test("forgets what only a slower repository needs, which then gets it from the server", async () => {
    const collector = await collect({ spoolBytesMax: 4 * 2 ** 20 });
    const [fast, slow] = [new Repository("ahead"), new Repository("behind")];
    const positions = () => [fast.at ?? collector.begin, slow.at ?? collector.begin];
    await write(8, 2 ** 20);
    const end = await endOfLog();
    await vi.waitFor(async () => {
      await fast.take(collector);
      await collector.release(positions());
      expect(fast.at).toEqual(end);
    }, 15_000);
    await vi.waitFor(async () => {
      await slow.take(collector);
      expect(slow.at).toEqual(end);
    }, 15_000);
    await expectEqualBytes(slow);
  });
});

describe("a chunk", () => {
  test("that the spool has forgotten is read from the server again", async () => {
    const collector = await collect();
    await write(2, 1000);
    const end = await endOfLog();
    const chunk = await vi.waitUntil(() => collector.next(collector.begin, 2 ** 20), 15_000);
    const before = await buffer(await collector.read(chunk));
    // The spool keeps what its connection still writes: a new file makes the old one idle.
    await server.run("FLUSH BINARY LOGS");
    const whole = new Repository("whole");
    await vi.waitFor(async () => {
      await whole.take(collector);
      expect(whole.at?.file).not.toBe(end.file);
    }, 15_000);
    await collector.release([whole.at ?? collector.begin]);
    const open = await collector.read(chunk);
    await collector.release([whole.at ?? collector.begin]);
    expect(await buffer(open)).toEqual(before);
  });
});

describe("a connection that goes silent", () => {
  let sockets: Socket[] = [];

  /** Forwards to the server; `freeze` makes today's connections carry nothing more, without closing them. */
  async function startProxy(): Promise<{ port: number; freeze(): void; close(): void }> {
    const proxy = createServer((client) => {
      const upstream = connect(server.port, "127.0.0.1");
      sockets.push(client, upstream);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        // prettier-ignore
        from.on("data", (bytes) => to.write(bytes));
        from.on("error", () => to.destroy());
        from.on("close", () => to.destroy());
      }
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const freeze = () => {
      for (const socket of sockets) socket.pause();
      sockets = [];
    };
    return { port: (proxy.address() as AddressInfo).port, freeze, close: () => proxy.close() };
  }

  test("is given up once the server has more, and made anew", async () => {
    const proxy = await startProxy();
    const byTcp = { ...server.holdfast, socket: undefined, port: proxy.port };
    const collector = await collect({ silenceMs: 300 }, byTcp);
    const repository = new Repository("silent");
    await write(5);
    await catchUp(collector, repository);
    proxy.freeze();
    await write(5);
    await catchUp(collector, repository);
    expect(collector.state().phase).toBe("following");
    await expectEqualBytes(repository);
    await collector.stop();
    proxy.close();
  });
});

describe("connections that are cut at random bytes, and a log that is rotated again and again", () => {
  const CUTS = honestSize(12, 60);

  test(
    "lose nothing and double nothing: the bytes are the server's, file by file",
    async () => {
      const proxy = await startCuttingProxy(server);
      const collector = await collect({}, { ...server.holdfast, socket: undefined, port: proxy.port });
      const repository = new Repository("cut");
      const firstFile = (await endOfLog()).file;
      proxy.setCutting(createRandom(20_261_123).fraction);
      for (let round = 0; proxy.cuts < CUTS; round += 1) {
        await write(20, 2_000);
        if (round % 3 === 0) await server.run("FLUSH BINARY LOGS");
        await repository.take(collector, 50_000);
      }
      proxy.setCutting(null);
      await catchUp(collector, repository);
      await collector.stop();
      await proxy.close();
      await expectEqualBytes(repository);
      const kept = (await readdir(repository.path)).sort();
      const written = (await server.run("SHOW BINARY LOGS")).map((row) => String(row.Log_name));
      expect(kept).toEqual(written.slice(written.indexOf(firstFile)));
    },
    honestSize(60_000, 900_000),
  );
});

describe("a log that cannot be followed without a hole", () => {
  async function expectGap(collector: LogCollector, repository: Repository): Promise<LogGapError> {
    await waitForPhase(collector, "gap");
    const error = await repository.take(collector).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LogGapError);
    return error as LogGapError;
  }

  test("is named when the server purged the file", async () => {
    const [spool, repository] = [newSpool(), new Repository("purged")];
    const first = await collect({ spool });
    await write(5);
    await catchUp(first, repository);
    const resume = repository.resume(first);
    await first.stop();
    await server.run("FLUSH BINARY LOGS");
    await write(5);
    const { file } = await endOfLog();
    await server.run(`PURGE BINARY LOGS TO '${file}'`);
    const second = await collect({ spool, from: resume });
    const { gap, hint } = await expectGap(second, repository);
    expect(gap).toEqual({ reason: "purged", wanted: { file: resume.file, offset: resume.offset }, oldestFile: file });
    expect(hint).toContain("Take a full backup now");
    // On purpose, from the oldest that is left.
    const from = { file, offset: 0, incarnation: null, serverId: null, fileId: null };
    const third = await collect({ from });
    await catchUp(third, new Repository("after-purge"));
    expect(third.incarnation).not.toBe(first.incarnation);
  });

  test("is named when the end of the server's own log was lost in a crash", async () => {
    const collector = await collect();
    const repository = new Repository("lost");
    await write(5);
    await catchUp(collector, repository);
    const { file, offset } = await endOfLog();
    await server.kill();
    await truncate(join(server.dataDirectory, file), offset - 31);
    await server.restart();
    const { gap, message } = await expectGap(collector, repository);
    expect(gap).toMatchObject({ reason: "restarted", wanted: { file, offset } });
    expect(message).toContain("does not go on where it was left");
  });

  test("is none where a killed server left an event cut: the next file goes on", async () => {
    await server.run("FLUSH BINARY LOGS");
    await write(3, 5_000);
    const { file, offset } = await endOfLog();
    await server.kill();
    // As if it had died while it wrote the last transaction.
    await truncate(join(server.dataDirectory, file), offset - 1_000);
    await server.restart();
    await write(3);
    const from = { file, offset: 0, incarnation: null, serverId: null, fileId: null };
    const collector = await collect({ from });
    const repository = new Repository("torn");
    await catchUp(collector, repository);
    const last = repository.chunks.findLast((chunk) => chunk.file === file);
    expect(last).toMatchObject({ endsInTransaction: true, nextFile: (await endOfLog()).file });
    const paths = [file, last?.nextFile ?? ""].map((name) => join(repository.path, name));
    const gtids: string[] = [];
    for await (const { gtid } of readLog(paths, 0, signal)) gtids.push(gtid);
    expect(gtids).toHaveLength(5);
  });

  test("is named after RESET MASTER, while it is followed and when it is gone back to", async () => {
    const [spool, repository] = [newSpool(), new Repository("reset")];
    const first = await collect({ spool });
    await write(5);
    await catchUp(first, repository);
    const resume = repository.resume(first);
    await write(2);
    const beforeReset = await endOfLog();
    await vi.waitFor(() => expect(first.state().collectedTo).toEqual(beforeReset));
    await server.run("RESET MASTER");
    const { gap } = await expectGap(first, repository);
    expect(gap.reason).toBe("restarted");
    // Everything before it was given first.
    expect(repository.at).toEqual(beforeReset);
    await first.stop();
    await write(2);
    const second = await collect({ from: resume });
    expect((await expectGap(second, new Repository("reset-again"))).gap.reason).toBe("restarted");
    const third = await collect();
    expect(third.incarnation).not.toBe(first.incarnation);
    await catchUp(third, new Repository("after-reset"));
  });

  test("is named where the address leads to another server, though its log has the same names and is longer", async () => {
    await server.run("RESET MASTER");
    const other = await startMariadbServer({ directory: join(directory, "o"), serverId: 8, binlog: true });
    const password = server.holdfast.password.reveal();
    await other.run(
      ...["localhost", "127.0.0.1"].map((host) => `ALTER USER holdfast@'${host}' IDENTIFIED BY '${password}'`),
      "RESET MASTER",
      "CREATE DATABASE shop",
      "CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGBLOB)",
      "INSERT INTO shop.t (v) VALUES (REPEAT('z', 100000))",
    );
    const target = { port: server.port };
    const proxy = await startCuttingProxy(target);
    const collector = await collect({}, { ...server.holdfast, socket: undefined, port: proxy.port });
    const repository = new Repository("failed-over");
    await write(3);
    await catchUp(collector, repository);
    target.port = other.port;
    proxy.setCutting(() => 1); // ends what is connected
    proxy.setCutting(null);
    const { gap, message } = await expectGap(collector, repository);
    expect(gap.reason).toBe("restarted");
    expect(message).toContain("it is another server");
    const next = await collect({}, { ...server.holdfast, socket: undefined, port: proxy.port });
    expect([next.serverId, collector.serverId]).toEqual(["8", "7"]);
    await next.stop();
    await proxy.close();
    await other.kill();
  }, 60_000);

  test("is named where the server has another id since", async () => {
    const repository = new Repository("renumbered");
    const first = await collect();
    await write(3);
    await catchUp(first, repository);
    const resume = repository.resume(first);
    await first.stop();
    await server.run("SET GLOBAL server_id = 9");
    const second = await collect({ from: resume });
    expect((await expectGap(second, repository)).gap.reason).toBe("restarted");
    const third = await collect();
    expect([third.serverId, third.incarnation === first.incarnation]).toEqual(["9", false]);
    await server.run("SET GLOBAL server_id = 7");
  });

  test("is named where a file of the same name and length is another log's", async () => {
    await server.run("RESET MASTER");
    const repository = new Repository("same-name");
    const first = await collect();
    await write(5);
    await catchUp(first, repository);
    const resume = repository.resume(first);
    await first.stop();
    // A file's id holds the second of its creation.
    await vi.waitFor(async () => {
      await server.run("RESET MASTER");
      await write(5);
      const other = await collect();
      await other.stop();
      expect(other.incarnation.split("-")[0]).not.toBe(first.incarnation.split("-")[0]);
    }, 5_000);
    expect((await endOfLog()).offset).toBeGreaterThanOrEqual(resume.offset);
    const second = await collect({ from: resume });
    expect((await expectGap(second, repository)).gap.reason).toBe("restarted");
  });
});
