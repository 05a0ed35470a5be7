import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import type { LogTransaction } from "../../port";
import { openHeartbeat, prepareHeartbeat } from "../heartbeat";
import { assembleLog } from "./assemble-log";
import { measureLog } from "./log-facts";
import { readLog } from "./read-log";

const run = promisify(execFile);
const directory = `/var/tmp/hf-log-read-${process.pid}`;
const { signal } = new AbortController();
let server: MariadbServer;
/** The server's own files, as they were then. */
let files: string[];
/** Newest GTID before the sessions. */
let began: string | undefined;
let beats: { seq: bigint; at: Date }[];

/** One of everything that a log can hold; each list is one session. */
const SESSIONS: string[][] = [
  [
    "CREATE DATABASE shop",
    "CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200)) ENGINE=InnoDB",
    "CREATE TABLE shop.m (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200)) ENGINE=MyISAM",
    "INSERT INTO shop.t (v) VALUES ('a'), ('b')",
    "INSERT INTO shop.m (v) VALUES ('x')",
    "BEGIN",
    "INSERT INTO shop.t (v) VALUES ('c')",
    "INSERT INTO shop.m (v) VALUES ('y')",
    "SAVEPOINT s",
    "INSERT INTO shop.t (v) VALUES ('d')",
    "ROLLBACK TO s",
    "COMMIT",
    "CREATE TABLE shop.c AS SELECT * FROM shop.t",
    "ANALYZE TABLE shop.t",
    "TRUNCATE TABLE shop.c",
    "CREATE SEQUENCE shop.q",
    "SELECT NEXTVAL(shop.q)",
    "CREATE USER u@localhost IDENTIFIED BY 'x'",
  ],
  [
    "CREATE TEMPORARY TABLE shop.tmp (id INT)",
    "INSERT INTO shop.tmp VALUES (1)",
    "INSERT INTO shop.t (v) SELECT 'from a temporary table' FROM shop.tmp",
  ],
  [
    "SET SESSION binlog_format = STATEMENT",
    "INSERT INTO shop.t (v) VALUES ('statement')",
    "SET @a = 'variable'",
    "INSERT INTO shop.t (v) VALUES (@a)",
    "INSERT INTO shop.t (v) VALUES (RAND())",
    "CREATE TEMPORARY TABLE shop.tmp (id INT) ENGINE=InnoDB",
    "INSERT INTO shop.tmp VALUES (1)",
    "DROP TEMPORARY TABLE shop.tmp",
  ],
  [
    "XA START 'one'",
    "INSERT INTO shop.t (v) VALUES ('xa')",
    "XA END 'one'",
    "XA PREPARE 'one'",
    "XA COMMIT 'one'",
    "SET SESSION gtid_domain_id = 5",
    "INSERT INTO shop.t (v) VALUES ('domain 5')",
    "SET SESSION gtid_domain_id = 0",
    "SET SESSION timestamp = 1000000000",
    "INSERT INTO shop.t (v) VALUES ('2001')",
  ],
  [
    "SET GLOBAL log_bin_compress = 1",
    "SET GLOBAL log_bin_compress_min_len = 10",
    "SET SESSION timestamp = DEFAULT",
    "INSERT INTO shop.t (v) VALUES (REPEAT('z', 200)), (REPEAT('y', 200))",
    "UPDATE shop.t SET v = REPEAT('k', 150)",
    "DELETE FROM shop.t WHERE id = 1",
    "CREATE TABLE shop.z (id INT COMMENT 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')",
  ],
];

beforeAll(async () => {
  await mkdir(directory, { recursive: true });
  server = await startMariadbServer({ directory: join(directory, "s"), serverId: 7, binlog: true });
  [began] = (await server.run("SELECT @@gtid_binlog_pos AS gtid")).map((row) => String(row.gtid));
  await prepareHeartbeat(server.holdfast, signal);
  const heartbeat = openHeartbeat(server.holdfast);
  beats = [];
  let seq = 4_094n;
  for (const session of SESSIONS) {
    await server.run(...session);
    // Over the slots' end, so that rows are inserted and updated.
    for (let count = 0; count < 2; count += 1) beats.push(await heartbeat.beat((seq += 2n) % 4_100n, signal));
    await server.run("FLUSH BINARY LOGS");
  }
  await heartbeat.close();
  await server.run(
    "SET GLOBAL log_bin_compress = 0",
    "SET GLOBAL binlog_checksum = NONE",
    "INSERT INTO shop.m (v) VALUES ('no checksum')",
  );
  const logs = await server.run("SHOW BINARY LOGS");
  const names = logs.map((row) => String(row.Log_name));
  // Copies: at a time of its own the server adds a checkpoint to the newest file after a rotation.
  await mkdir(join(directory, "files"));
  for (const name of names) await copyFile(join(server.dataDirectory, name), join(directory, "files", name));
  files = names.map((name) => join(directory, "files", name));
}, 60_000);

afterAll(async () => {
  await server.kill();
  await rm(directory, { recursive: true, force: true });
});

async function read(paths: readonly string[], from = 0): Promise<LogTransaction[]> {
  const found: LogTransaction[] = [];
  for await (const transaction of readLog(paths, from, signal)) found.push(transaction);
  return found;
}

/** A copy of the first files that a test may damage. */
async function copies(count: number): Promise<string[]> {
  const target = join(directory, `copy-${Math.trunc(performance.now() * 1_000)}`);
  await mkdir(target);
  const wanted = files.slice(0, count);
  for (const path of wanted) await copyFile(path, join(target, basename(path)));
  return wanted.map((path) => join(target, basename(path)));
}

/** GTIDs with their places and flags, as MariaDB's own reader prints them. */
async function printed(path: string): Promise<string[]> {
  const options = { maxBuffer: 2 ** 26, env: { ...process.env, TZ: "UTC" } };
  const { stdout } = await run("mariadb-binlog", ["--no-defaults", "--base64-output=decode-rows", path], options);
  const pattern = /^# at (\d+)\n#.*\bGTID (\d+-\d+-\d+)(.*)$/gm;
  return [...stdout.matchAll(pattern)].map(
    (match) => `${match[1]} ${match[2]} ${match[3]?.includes("trans") ?? false}`,
  );
}

describe("the reader", () => {
  test("finds the transactions that mariadb-binlog prints, in its order and at its places", async () => {
    for (const path of files) {
      const ours = (await read([path])).map(({ offset, gtid, transactional }) => `${offset} ${gtid} ${transactional}`);
      expect(ours, basename(path)).toEqual(await printed(path));
    }
  });

  test("reads several files as one log, and begins at any place between two transactions", async () => {
    const all = await read(files);
    expect(all.length).toBeGreaterThan(40);
    for (const [index, { file, offset }] of all.entries()) {
      const rest = files.slice(files.findIndex((path) => basename(path) === file));
      expect((await read(rest, offset)).map(({ gtid }) => gtid)).toEqual(all.slice(index).map(({ gtid }) => gtid));
    }
  });

  test("refuses to begin inside a transaction", async () => {
    const [first] = await read(files);
    await expect(read(files, (first?.offset ?? 0) + 42)).rejects.toThrow("does not lie between two transactions");
  });

  test("reads every heartbeat as the server acknowledged it, compressed or not", async () => {
    const found = (await read(files)).flatMap(({ heartbeat }) => heartbeat ?? []);
    expect(found).toEqual(beats);
    expect(new Set(found.map(({ seq }) => seq)).size).toBe(beats.length);
  });

  test("tells which transactions changed the schema", async () => {
    const all = await read(files);
    const own = all.slice(all.findIndex(({ gtid }) => gtid === began) + 1);
    const schema = own.filter((transaction) => transaction.changesSchema);
    // Heartbeat: schema and table. Shop: schema, tables t, m, c, z, TRUNCATE, sequence, user.
    expect(schema).toHaveLength(10);
  });

  test("keeps the event time that a session set, which says nothing of the order", async () => {
    const all = await read(files);
    expect(all.filter(({ at }) => at.getUTCFullYear() === 2001)).toHaveLength(1);
  });
});

describe("a damaged log ends in an error, after what came before", () => {
  test("flipped byte", async () => {
    const paths = await copies(1);
    const [path = ""] = paths;
    const all = await read(paths);
    const middle = all[Math.floor(all.length / 2)];
    const bytes = await readFile(path);
    const at = (middle?.offset ?? 0) + 25;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at);
    await writeFile(path, bytes);
    const seen: string[] = [];
    const reading = async () => {
      for await (const { gtid } of readLog(paths, 0, signal)) seen.push(gtid);
    };
    await expect(reading()).rejects.toThrow(
      `offset ${middle?.offset} of the log file "${basename(path)}" is broken: its checksum differs`,
    );
    expect(seen).toEqual(all.slice(0, Math.floor(all.length / 2)).map(({ gtid }) => gtid));
  });

  test("missing file", async () => {
    const paths = await copies(3);
    const [first = "", , third = ""] = paths;
    await expect(read([first, third])).rejects.toThrow("the log has a hole");
  });

  test("a file cut inside an event", async () => {
    const paths = await copies(1);
    const [path = ""] = paths;
    await truncate(path, (await stat(path)).size - 60);
    await expect(read(paths)).rejects.toThrow("is cut inside an event");
  });

  test("a file cut between transactions, with another after it", async () => {
    const paths = await copies(2);
    const [path = ""] = paths;
    const all = await read([path]);
    await truncate(path, all.at(-3)?.endOffset);
    await expect(read(paths)).rejects.toThrow(`the log file "${basename(path)}" is cut`);
  });

  test("a file cut between the events of a transaction, with another after it; alone it only lacks that transaction", async () => {
    const paths = await copies(2);
    const [path = ""] = paths;
    const all = await read([path]);
    const last = all.at(-1);
    // Its GTID event is 38 bytes and a CRC long.
    await truncate(path, (last?.offset ?? 0) + 42);
    await expect(read(paths)).rejects.toThrow("is cut");
    expect((await read([path])).map(({ gtid }) => gtid)).toEqual(all.slice(0, -1).map(({ gtid }) => gtid));
  });
});

describe("measureLog", () => {
  test("passes a file through unchanged and says what it holds", async () => {
    for (const [index, path] of files.entries()) {
      const bytes = await readFile(path);
      const { output, done } = measureLog(basename(path), Readable.from([bytes]), signal);
      expect((await text(output.setEncoding("latin1"))) === bytes.toString("latin1")).toBe(true);
      const all = await read([path]);
      const next = files[index + 1];
      expect(await done).toMatchObject({
        file: basename(path),
        sizeBytes: bytes.length,
        transactions: all.length,
        firstGtid: all[0]?.gtid ?? null,
        lastGtid: all.at(-1)?.gtid ?? null,
        heartbeat: all.findLast(({ heartbeat }) => heartbeat)?.heartbeat ?? null,
        endsInTransaction: false,
        nextFile: next ? basename(next) : null,
      });
    }
  });

  test("fails with its output where the file is cut", async () => {
    const bytes = await readFile(files[0] ?? "");
    const { output, done } = measureLog("binlog.000001", Readable.from([bytes.subarray(0, -5)]), signal);
    await expect(text(output)).rejects.toThrow("is cut inside an event");
    await expect(done).rejects.toThrow("is cut inside an event");
  });
});

describe("assembleLog", () => {
  const pieceOf = (path: string, bytes: Buffer, [start, end]: [number, number]) => ({
    file: basename(path),
    start,
    end,
    open: () => Promise.resolve(Readable.from([bytes.subarray(start, end)])),
  });

  test("makes the server's files again from their segments, byte by byte, for our reader and MariaDB's", async () => {
    const target = join(directory, "assembled");
    const pieces = [];
    for (const path of files) {
      const bytes = await readFile(path);
      const boundaries = [0, ...(await read([path])).map(({ endOffset }) => endOffset), bytes.length];
      for (let index = 0; index + 1 < boundaries.length; index += 1) {
        const [start = 0, end = 0] = [boundaries[index], boundaries[index + 1]];
        if (end > start) pieces.push(pieceOf(path, bytes, [start, end]));
      }
    }
    const paths = await assembleLog(target, pieces, signal);
    expect(paths.map((path) => basename(path))).toEqual(files.map((path) => basename(path)));
    for (const [index, path] of paths.entries()) {
      expect((await readFile(path)).equals(await readFile(files[index] ?? ""))).toBe(true);
      expect(await printed(path)).toEqual(await printed(files[index] ?? ""));
    }
    expect((await read(paths)).length).toBe((await read(files)).length);
  });

  test("refuses a missing segment, a missing file, a missing beginning, and a segment that is shorter than its name", async () => {
    const [one = "", two = "", three = ""] = files;
    const bytes = await readFile(one);
    const [third, half] = [400, Math.floor(bytes.length / 2)];
    const whole = (path: string) => pieceOf(path, bytes, [0, bytes.length]);
    const cases: [ReturnType<typeof pieceOf>[], string][] = [
      [[pieceOf(one, bytes, [0, third]), pieceOf(one, bytes, [half, bytes.length])], "has a hole"],
      [[whole(one), whole(three)], "has a hole"],
      [[pieceOf(one, bytes, [third, half])], "begins at 400, not at 0"],
      [[{ ...whole(one), end: bytes.length + 1 }], `holds ${bytes.length} bytes, not ${bytes.length + 1}`],
      [[whole(`../${basename(two)}`), { ...whole(two), file: "../../etc/passwd" }], "is not the name of a log file"],
    ];
    for (const [index, [pieces, message]] of cases.entries()) {
      await expect(assembleLog(join(directory, `refused-${index}`), pieces, signal)).rejects.toThrow(message);
    }
  });
});
