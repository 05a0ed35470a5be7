import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type MariadbServer, startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { newestHeartbeat, openHeartbeat, prepareHeartbeat } from "./heartbeat";

const directory = `/var/tmp/hf-heartbeat-${process.pid}`;
const { signal } = new AbortController();
let server: MariadbServer;

beforeAll(async () => {
  await mkdir(directory, { recursive: true });
  server = await startMariadbServer({ directory: join(directory, "s"), serverId: 7, binlog: true });
}, 60_000);

afterAll(async () => {
  await server.kill();
  await rm(directory, { recursive: true, force: true });
});

test("a server without a heartbeat has none, and the least privileges are enough to begin one", async () => {
  expect(await newestHeartbeat(server.holdfast, signal)).toBeNull();
  await prepareHeartbeat(server.holdfast, signal);
  expect(await newestHeartbeat(server.holdfast, signal)).toBeNull();
});

test("making it again writes nothing to the log", async () => {
  const [before] = await server.run("SELECT @@gtid_binlog_pos AS gtid");
  await prepareHeartbeat(server.holdfast, signal);
  expect(await server.run("SELECT @@gtid_binlog_pos AS gtid")).toEqual([before]);
});

test("a beat is the server's own clock, and the newest is the last acknowledged", async () => {
  const heartbeat = openHeartbeat(server.holdfast);
  const [row] = await server.run("SELECT FLOOR(UNIX_TIMESTAMP(SYSDATE(6)) * 1000) AS now");
  const beat = await heartbeat.beat(1n, signal);
  expect(beat.seq).toBe(1n);
  expect(beat.at.getTime() - Number(row?.now)).toBeGreaterThanOrEqual(0);
  expect(beat.at.getTime() - Number(row?.now)).toBeLessThan(1_000);
  expect(await newestHeartbeat(server.holdfast, signal)).toEqual(beat);
  const later = await heartbeat.beat(2n, signal);
  expect(await newestHeartbeat(server.holdfast, signal)).toEqual(later);
  await heartbeat.close();
});

test("4,096 slots are used again and again, and a counter may be as large as it likes", async () => {
  const heartbeat = openHeartbeat(server.holdfast);
  for (const seq of [4_095n, 4_096n, 8_191n, 18_446_744_073_709_551_615n]) await heartbeat.beat(seq, signal);
  await heartbeat.close();
  const rows = await server.run("SELECT slot, seq FROM holdfast.heartbeat WHERE slot IN (0, 4095) ORDER BY slot");
  expect(rows).toEqual([
    { slot: "0", seq: "4096" },
    { slot: "4095", seq: "18446744073709551615" },
  ]);
});

test("beats go over one kept connection", async () => {
  const heartbeat = openHeartbeat(server.holdfast);
  const threads = async () => (await server.run("SHOW STATUS LIKE 'Connections'")).map((row) => Number(row.Value));
  await heartbeat.beat(10n, signal);
  const [before = 0] = await threads();
  for (let seq = 11n; seq < 20n; seq += 1n) await heartbeat.beat(seq, signal);
  // Only the one that counts.
  expect(await threads()).toEqual([before + 1]);
  await heartbeat.close();
});

test("a beat that a lock holds back ends with its signal, and the next one is written", async () => {
  const heartbeat = openHeartbeat(server.holdfast);
  await heartbeat.beat(20n, signal);
  const locked = server.run("LOCK TABLES holdfast.heartbeat WRITE", "SELECT SLEEP(1)", "UNLOCK TABLES");
  await vi.waitFor(async () => {
    const rows = await server.run(
      "SELECT 1 AS held FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'",
    );
    expect(rows.length).toBe(1);
  });
  const end = new AbortController();
  const beat = heartbeat.beat(21n, end.signal);
  end.abort();
  await expect(beat).rejects.toThrow(CancelledError);
  await locked;
  expect((await heartbeat.beat(22n, signal)).seq).toBe(22n);
  await heartbeat.close();
});

test("a killed server fails the beat with a hint, and the first beat after its return is written", async () => {
  const heartbeat = openHeartbeat(server.holdfast);
  await heartbeat.beat(30n, signal);
  await server.kill();
  const error = await heartbeat.beat(31n, signal).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EngineError);
  expect((error as EngineError).hint).toBeTruthy();
  await server.restart();
  const beat = await heartbeat.beat(32n, signal);
  expect(await newestHeartbeat(server.holdfast, signal)).toEqual(beat);
  await heartbeat.close();
});
