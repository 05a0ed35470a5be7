import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import type { Heartbeat, LogPosition, LogTransaction, ReplayFacts, ReplayPlan, ScratchServer } from "../../port";
import { type Row, openSession, withSession } from "../connect";
import { newestHeartbeat, openHeartbeat, prepareHeartbeat } from "../heartbeat";
import { inspectServer } from "../inspect";
import { startScratch } from "../scratch-server";
import { readLog } from "./read-log";
import { replayLog } from "./replay-log";

const run = promisify(execFile);
const directory = `/var/tmp/hf-log-replay-${process.pid}`;
const { signal } = new AbortController();
let source: MariadbServer;
let target: ScratchServer;
/** The source's closed files, and where everything begins: before the first schema was made. */
let files: string[];
let from: LogPosition;
let transactions: LogTransaction[];
/** What the writers saw: id of each row in the journal, with the GTID that its session was told at commit. */
const journal = new Map<string, string>();
const beats: Heartbeat[] = [];

/** Writes as a session of the application does, and notes each commit. */
async function writeAs(prepare: string[], rows: { id: string; sql: string[] }[]): Promise<void> {
  const session = await openSession(source.root, { signal, queryTimeoutMs: 0 });
  for (const sql of prepare) await session.rows("prepare", sql);
  for (const { id, sql } of rows) {
    for (const statement of sql) await session.rows("write", statement);
    const [row] = await session.rows("note the commit", "SELECT @@last_gtid AS gtid");
    journal.set(id, String(row?.gtid));
  }
  await session.close();
}

const insert = (id: string, value = "NULL") => `INSERT INTO shop.journal (id, v) SELECT '${id}', ${value}`;
const many = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `${name}-${index}`, sql: [insert(`${name}-${index}`)] }));

async function beatUntil(end: AbortSignal): Promise<void> {
  const heartbeat = openHeartbeat(source.holdfast);
  for (let seq = 1n; !end.aborted; seq += 1n) {
    beats.push(await heartbeat.beat(seq, signal));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await heartbeat.close();
}

/** Every statement that a replay could get wrong, in sessions of their own. */
const OTHERS: string[][] = [
  ["CREATE TABLE shop.copied AS SELECT * FROM shop.journal"],
  ["SET SESSION binlog_format = STATEMENT", "CREATE TEMPORARY TABLE shop.tmp (id INT)", "INSERT INTO shop.tmp VALUES (7)", "INSERT INTO shop.kept SELECT id, RAND(), NOW(6) FROM shop.tmp", "DROP TEMPORARY TABLE shop.tmp"],
  ["INSERT INTO shop.visits (v) VALUES ('not transactional')"],
  ["SET SESSION binlog_format = STATEMENT", `LOAD DATA INFILE '${directory}/rows.txt' INTO TABLE shop.visits (v)`],
  ["UPDATE shop.visits SET v = CONCAT(v, '!')", "CREATE SEQUENCE shop.q", "SELECT NEXTVAL(shop.q)"],
  ["XA START 'a'", "INSERT INTO shop.kept VALUES (20, 1, NULL)", "XA END 'a'", "XA PREPARE 'a'"],
  ["INSERT INTO shop.kept VALUES (21, 2, NULL)", "XA COMMIT 'a'"],
  ["CREATE TABLE shop.`x\nDROP TABLE shop.kept;\n-- '` (id INT PRIMARY KEY)", "INSERT INTO shop.`x\nDROP TABLE shop.kept;\n-- '` VALUES (3)"],
  ["INSERT INTO shop.large (v) VALUES (REPEAT('0123456789', 600000))"],
  ["SET SESSION sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'", "SET SESSION binlog_format = STATEMENT", "INSERT INTO shop.visits (v) VALUES ('a\\')"],
]; // prettier-ignore

async function writeAll(): Promise<void> {
  await source.run(
    "CREATE DATABASE shop",
    "CREATE TABLE shop.journal (id VARCHAR(40) PRIMARY KEY, v INT) ENGINE=InnoDB",
    "CREATE TABLE shop.kept (id INT, r DOUBLE, at DATETIME(6)) ENGINE=InnoDB",
    "CREATE TABLE shop.visits (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(40)) ENGINE=MyISAM",
    "CREATE TABLE shop.large (id INT PRIMARY KEY AUTO_INCREMENT, v LONGBLOB) ENGINE=InnoDB",
  );
  const end = new AbortController();
  const beating = beatUntil(end.signal);
  await Promise.all([
    writeAs([], many("plain", 150)),
    writeAs(["SET SESSION timestamp = 1000000000"], many("lies", 40)),
    writeAs(["SET SESSION gtid_domain_id = 5"], many("domain", 40)),
    writeAs([], [{ id: "slow", sql: [insert("slow", "SLEEP(2)")] }]),
    writeAs([], [{ id: "long", sql: ["BEGIN", insert("long"), "DO SLEEP(3)", "COMMIT"] }]),
    source.run("DO SLEEP(1)", "FLUSH BINARY LOGS", "DO SLEEP(1)", "FLUSH BINARY LOGS"),
  ]);
  for (const statements of OTHERS) await source.run(...statements);
  await writeAs([], many("last", 20));
  end.abort();
  await beating;
  await source.run("FLUSH BINARY LOGS");
}

beforeAll(async () => {
  await mkdir(directory, { recursive: true });
  source = await startMariadbServer({ directory: join(directory, "s"), serverId: 7, binlog: true });
  const [master] = await source.run("SHOW MASTER STATUS");
  const [row] = await source.run("SELECT @@gtid_binlog_pos AS gtid");
  from = { gtid: String(row?.gtid), file: String(master?.File), offset: Number(master?.Position) };
  await writeFile(join(directory, "rows.txt"), "from a file\nof two lines\n");
  await prepareHeartbeat(source.holdfast, signal);
  await writeAll();
  const names = (await source.run("SHOW BINARY LOGS")).map((log) => String(log.Log_name));
  files = names.slice(0, -1).map((name) => join(source.dataDirectory, name));
  transactions = [];
  for await (const transaction of readLog(files, from.offset, signal)) transactions.push(transaction);
  const { settings } = await inspectServer(source.root, signal);
  target = await startScratch({ directory: join(directory, "t"), port: 0, settings, signal });
}, 120_000);

/** As fresh as a new one. */
beforeEach(async () => {
  await onTarget("DROP DATABASE IF EXISTS shop", "DROP DATABASE IF EXISTS holdfast", "SET GLOBAL gtid_slave_pos = ''");
});

afterAll(async () => {
  await target.stop();
  await source.kill();
  await rm(directory, { recursive: true, force: true });
});

function onTarget(...statements: string[]): Promise<Row[]> {
  return withSession(target.connection, { signal }, async (session) => {
    let rows: Row[] = [];
    for (const sql of statements) rows = await session.rows("ask", sql);
    return rows;
  });
}

function planTo(last: LogTransaction | undefined, given = files): ReplayPlan {
  const end = { gtid: last?.gtid ?? null, file: last?.file ?? from.file, offset: last?.endOffset ?? from.offset };
  return { files: given, from, end };
}

function replay(plan: ReplayPlan): Promise<ReplayFacts> {
  return replayLog(target.connection, plan, { signal });
}

async function refused(plan: ReplayPlan): Promise<string> {
  const error = await replay(plan).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EngineError);
  expect((error as EngineError).hint).toBeTruthy();
  return (error as EngineError).message;
}

/** The commit order as MariaDB's own reader prints it. */
async function printedOrder(): Promise<string[]> {
  const options = { maxBuffer: 2 ** 28, env: { ...process.env, TZ: "UTC" } };
  const { stdout } = await run("mariadb-binlog", ["--no-defaults", "--base64-output=decode-rows", ...files], options);
  return [...stdout.matchAll(/^#.*\bGTID (\d+-\d+-\d+)/gm)].map((match) => match[1] ?? "");
}

async function copies(): Promise<string[]> {
  const place = join(directory, `copy-${Math.trunc(performance.now() * 1_000)}`);
  await mkdir(place);
  for (const path of files) await copyFile(path, join(place, basename(path)));
  return files.map((path) => join(place, basename(path)));
}

const CHECKSUMS =
  "CHECKSUM TABLE shop.journal, shop.kept, shop.visits, shop.large, shop.copied, holdfast.heartbeat EXTENDED";

describe("a replay to the end", () => {
  test("gives what the source has, over several files, domains and every kind of statement", async () => {
    let progress = 0;
    const facts = await replayLog(target.connection, planTo(transactions.at(-1)), {
      signal,
      onProgress: (bytes) => {
        expect(bytes).toBeGreaterThanOrEqual(progress);
        progress = bytes;
      },
    });
    expect(facts).toMatchObject({
      transactions: transactions.length,
      lastGtid: transactions.at(-1)?.gtid,
      heartbeat: beats.at(-1),
      preparedXa: 0,
    });
    expect(progress).toBeGreaterThan(facts.bytes * 0.9);
    expect(progress).toBeLessThanOrEqual(facts.bytes);
    expect(await onTarget(CHECKSUMS)).toEqual(await source.run(CHECKSUMS));
    expect(await onTarget("SELECT * FROM shop.kept ORDER BY id, r")).toEqual(
      await source.run("SELECT * FROM shop.kept ORDER BY id, r"),
    );
    expect(await newestHeartbeat(target.connection, signal)).toEqual(beats.at(-1));
    // The state that a replica of the source would go on from.
    const [position] = await onTarget("SELECT @@gtid_slave_pos AS gtid");
    const [gtids] = await source.run("SELECT @@gtid_binlog_pos AS gtid");
    expect(String(position?.gtid).split(",").sort()).toEqual(String(gtids?.gtid).split(",").sort());
  });

  test("is refused a second time, and on a target where one broke off", async () => {
    const plan = planTo(transactions.at(-1));
    await replay(planTo(transactions[5]));
    expect(await refused(plan)).toContain("has had this log, or a part of it, already");
    await onTarget("DROP DATABASE shop");
    expect(await refused(planTo(transactions[5]))).toContain("has had this log, or a part of it, already");
  });

  test("of nothing leaves the target as it is", async () => {
    expect(await replay(planTo(undefined))).toMatchObject({ transactions: 0, lastGtid: null });
    expect(await onTarget("SELECT @@gtid_slave_pos AS gtid")).toEqual([{ gtid: "" }]);
  });

  test("leaves a prepared XA transaction open where the log had not ended it", async () => {
    const prepared = transactions.findIndex(({ gtid }, index) => gtid !== "" && index > 0 && isPrepared(index));
    const facts = await replay(planTo(transactions[prepared]));
    expect(facts.preparedXa).toBe(1);
    const [xa] = await onTarget("XA RECOVER FORMAT='SQL'");
    await onTarget(`XA ROLLBACK ${String(xa?.data)}`);
  });

  function isPrepared(index: number): boolean {
    const tracked = transactions[index] as LogTransaction & { preparedXa?: number };
    return tracked.preparedXa === 1;
  }
});

describe("a point", () => {
  /** Six places in the commit order, by a fixed step through it. */
  const places = Array.from({ length: 6 }, (_, index) => (index * 0.618 + 0.2) % 1);

  async function expectPrefix(end: string | null): Promise<void> {
    const order = await printedOrder();
    const rows = (await onTarget("SELECT id FROM shop.journal")).map(({ id }) => String(id)).sort();
    const isIncluded = ([, gtid]: [string, string]) => end !== null && order.indexOf(gtid) <= order.indexOf(end);
    expect(rows).toEqual([...journal].filter(isIncluded).map(([id]) => id).sort()); // prettier-ignore
  }

  test.for(places.slice(0, 3))(
    "given by a GTID holds exactly the commits up to it (at %f of the log)",
    async (place) => {
      const first = transactions.findIndex(({ gtid }) => [...journal.values()].includes(gtid));
      const wanted = transactions[first + Math.floor(place * (transactions.length - first))];
      const { lastGtid } = await replay(planTo(wanted));
      expect(lastGtid).toBe(wanted?.gtid);
      await expectPrefix(lastGtid);
    },
  );

  test.for(places.slice(3))(
    "given by a time ends between the two heartbeats around it (at %f of the log)",
    async (place) => {
      const index = 1 + Math.floor(place * (beats.length - 2));
      const [before, after] = [beats[index], beats[index + 1]];
      const wanted = ((before?.at.getTime() ?? 0) + (after?.at.getTime() ?? 0)) / 2;
      const later = transactions.findIndex(({ heartbeat }) => heartbeat !== null && heartbeat.at.getTime() > wanted);
      expect(transactions[later]?.heartbeat).toEqual(after);
      const { lastGtid, heartbeat } = await replay(planTo(transactions[later - 1]));
      expect(heartbeat).toEqual(before);
      expect(await newestHeartbeat(target.connection, signal)).toEqual(before);
      await expectPrefix(lastGtid);
    },
  );
});

describe("a plan that does not fit its files is refused before anything is applied", () => {
  const last = () => transactions.at(-1);

  async function expectUntouched(): Promise<void> {
    expect(await onTarget("SELECT @@gtid_slave_pos AS gtid")).toEqual([{ gtid: "" }]);
    expect(await onTarget("SHOW DATABASES LIKE 'shop'")).toEqual([]);
  }

  test("a log file is missing", async () => {
    const [first = "", , ...rest] = files;
    expect(await refused(planTo(last(), [first, ...rest]))).toContain("the log has a hole");
    expect(await refused(planTo(last(), files.slice(0, -1)))).toContain("is not there");
    await expectUntouched();
  });

  test("a byte is flipped", async () => {
    const paths = await copies();
    const path = paths[1] ?? "";
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 200) ^ 1, bytes.length - 200);
    await writeFile(path, bytes);
    expect(await refused(planTo(last(), paths))).toContain("its checksum differs");
    await expectUntouched();
  });

  test("the stop lies beyond the end of the log", async () => {
    const plan = planTo(last());
    const beyond = { ...plan, end: { ...plan.end, offset: plan.end.offset + 5_000 } };
    expect(await refused(beyond)).toContain("the log does not reach the end of the plan");
    await expectUntouched();
  });

  test("the stop lies inside a transaction, or is another transaction than planned", async () => {
    const plan = planTo(last());
    expect(await refused({ ...plan, end: { ...plan.end, offset: plan.end.offset - 31 } })).toContain(
      "is not the end of a transaction",
    );
    expect(await refused({ ...plan, end: { ...plan.end, gtid: "0-7-1" } })).toContain("not 0-7-1");
    await expectUntouched();
  });

  test("the start is another place than the backup's", async () => {
    const plan = planTo(last());
    const [, second] = transactions;
    expect(await refused({ ...plan, from: { ...from, offset: second?.offset ?? 0 } })).toContain(
      "the log does not fit the backup",
    );
    expect(await refused({ ...plan, from: { ...from, gtid: "" } })).toContain("the log does not fit the backup");
    expect(await refused({ ...plan, from: { ...from, offset: from.offset + 1 } })).toContain(
      "does not lie between two transactions",
    );
    await expectUntouched();
  });

  test("the last file is cut between the events of the last transaction, or inside one", async () => {
    const paths = await copies();
    const path = paths.at(-1) ?? "";
    // Its GTID event is 42 bytes long.
    await truncate(path, (last()?.offset ?? 0) + 42);
    expect(await refused(planTo(last(), paths))).toContain("the log does not reach the end of the plan");
    await truncate(path, (last()?.offset ?? 0) + 30);
    expect(await refused(planTo(last(), paths))).toContain("is cut inside an event");
    await expectUntouched();
  });
});

describe("a target that cannot be trusted is refused", () => {
  test("by its settings", async () => {
    await onTarget("SET GLOBAL slave_exec_mode = IDEMPOTENT");
    expect(await refused(planTo(transactions.at(-1)))).toContain("slave_exec_mode=IDEMPOTENT");
    await onTarget("SET GLOBAL slave_exec_mode = STRICT");
  });

  test("by its data: the error has the number and no row", async () => {
    await onTarget(
      "CREATE DATABASE shop",
      "CREATE TABLE shop.journal (id VARCHAR(40) PRIMARY KEY, v INT)",
      "INSERT INTO shop.journal VALUES ('plain-3', 1)",
    );
    const journalMade = transactions.findIndex(({ changesSchema }, index) => changesSchema && index > 3);
    expect(journalMade).toBeGreaterThan(0);
    const message = await refused(planTo(transactions.at(-1)));
    expect(message).toMatch(/error 1007|error 1050|error 1062/);
    expect(message).not.toContain("plain-");
  });

  test("while it writes a log under gtid_strict_mode; without that it takes the source's GTIDs", async () => {
    const logged = await startMariadbServer({ directory: join(directory, "l"), serverId: 9, binlog: true });
    await logged.run("RESET MASTER", "SET GLOBAL gtid_strict_mode = ON", "SET GLOBAL max_allowed_packet = 1073741824");
    const plan = planTo(transactions.at(-1));
    await expect(replayLog(logged.root, plan, { signal })).rejects.toThrow("gtid_strict_mode");
    await logged.run("SET GLOBAL gtid_strict_mode = OFF");
    expect(await replayLog(logged.root, plan, { signal })).toMatchObject({ lastGtid: transactions.at(-1)?.gtid });
    expect(await logged.run(CHECKSUMS)).toEqual(await source.run(CHECKSUMS));
    await logged.kill();
  });
});

describe("a reader that leaves something out is noticed although it ends well", () => {
  /** Puts a program before MariaDB's reader that changes what it does. */
  async function withReader(script: string, work: () => Promise<void>): Promise<void> {
    const place = join(directory, `bin-${Math.trunc(performance.now() * 1_000)}`);
    const { stdout } = await run("which", ["mariadb-binlog"]);
    await mkdir(place);
    await writeFile(join(place, "mariadb-binlog"), `#!/bin/sh\nreal=${stdout.trim()}\n${script}\n`, { mode: 0o755 });
    vi.stubEnv("PATH", `${place}:${process.env.PATH}`);
    try {
      await work();
    } finally {
      vi.unstubAllEnvs();
    }
  }

  test("by the server's own count of commits", async () => {
    // The first with rows: nothing after it needs them, and the last GTID is there.
    const script = String.raw`"$real" "$@" | sed '0,/^COMMIT\/\*!\*\/;$/{/^START TRANSACTION$/,$d}'`;
    await withReader(script, async () => {
      expect(await refused(planTo(transactions.at(-1)))).toMatch(/committed \d+ transactions where the log has \d+/);
    });
  });

  test("by the last GTID of the target's session", async () => {
    const ddl = transactions.findIndex(({ changesSchema }) => changesSchema);
    // DDL is no COMMIT: the count alone would not tell.
    const [before, last] = [transactions[ddl], transactions[ddl + 1]];
    expect(last?.changesSchema).toBe(true);
    await withReader(`exec "$real" "$@" --stop-position=${before?.endOffset}`, async () => {
      expect(await refused(planTo(last))).toContain(
        `the target's last transaction is ${before?.gtid}, not ${last?.gtid}`,
      );
    });
  });

  test("by a word of warning", async () => {
    await withReader('"$real" "$@"\necho "WARNING: Did not reach stop position" >&2', async () => {
      expect(await refused(planTo(transactions.at(-1)))).toContain("mariadb-binlog warned");
    });
  });

  test("by its exit code", async () => {
    await withReader('"$real" "$@"\nexit 1', async () => {
      expect(await refused(planTo(transactions.at(-1)))).toContain("exit code 1");
    });
  });
});

describe("a replay that is broken off", () => {
  test("by its signal ends as cancelled", async () => {
    const end = new AbortController();
    const replaying = replayLog(target.connection, planTo(transactions.at(-1)), {
      signal: end.signal,
      onProgress: () => end.abort(),
    });
    await expect(replaying).rejects.toThrow(CancelledError);
    await vi.waitFor(async () =>
      expect(
        await onTarget(
          "SELECT 1 AS x FROM information_schema.processlist WHERE command = 'Query' AND info NOT LIKE '%processlist%'",
        ),
      ).toEqual([]),
    );
  });

  test("by the server's death ends as a failure", async () => {
    const victim = await startMariadbServer({ directory: join(directory, "v"), serverId: 10, binlog: false });
    let killing: Promise<void> | undefined;
    const replaying = replayLog(victim.root, planTo(transactions.at(-1)), {
      signal,
      onProgress: () => void (killing ??= victim.kill()),
    });
    await expect(replaying).rejects.toThrow(EngineError);
    await killing;
    await victim.restart();
    await expect(replayLog(victim.root, planTo(transactions.at(-1)), { signal })).rejects.toThrow("has had this log");
    await victim.kill();
  });
});
