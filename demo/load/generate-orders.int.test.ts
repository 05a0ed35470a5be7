import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, expect, test } from "vitest";
import { generateOrders, type LoadCounts } from "./generate-orders";
import { type JournalEntry, openJournal, readJournal } from "./journal";

const directory = mkdtempSync("/var/tmp/hf-load-");
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function read(file: string, fromByte = 0): Promise<(JournalEntry & { endByte: number })[]> {
  const entries = [];
  for await (const entry of readJournal(file, fromByte)) entries.push(entry);
  return entries;
}

/** Loads a shop until a fact about the counts holds. */
async function loadUntil(shopUrl: string, file: string, fact: (counts: LoadCounts) => boolean): Promise<LoadCounts> {
  const journal = openJournal(file);
  const load = generateOrders({ shopUrl, ordersPerSecond: 200, journal });
  while (!fact(load.counts())) await wait(5);
  await load.stop();
  journal.close();
  return load.counts();
}

test("notes exactly the orders that the shop acknowledged", async () => {
  const acknowledged: string[] = [];
  let next = 0;
  const shopUrl = await serve((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      next += 1;
      const { token } = JSON.parse(body) as { token: string };
      const isRefused = next % 3 === 0;
      if (!isRefused) acknowledged.push(token);
      response.writeHead(isRefused ? 503 : 201).end(JSON.stringify({ id: next, token }));
    });
  });
  const file = join(directory, "noted.ndjson");
  const counts = await loadUntil(shopUrl, file, ({ ok }) => ok >= 20);
  const noted = await read(file);
  expect(noted.map((entry) => entry.token).toSorted()).toEqual(acknowledged.toSorted());
  expect(counts).toMatchObject({ ok: noted.length, skipped: 0 });
  expect(counts.failed).toBeGreaterThanOrEqual(9);
});

test("never has more than eight orders under way at a shop that hangs", async () => {
  let open = 0;
  const shopUrl = await serve(() => void (open += 1));
  const counts = await loadUntil(shopUrl, join(directory, "hanging.ndjson"), ({ skipped }) => skipped >= 50);
  expect(open).toBe(8);
  expect(counts).toMatchObject({ ok: 0, failed: 8, lastFailure: "TimeoutError" });
});

test("counts a shop that is gone as failures, and goes on", async () => {
  const counts = await loadUntil("http://127.0.0.1:9", join(directory, "gone.ndjson"), ({ failed }) => failed >= 20);
  expect(counts.ok).toBe(0);
});

test("a line of the journal that is still being written is not read; one that is broken is an error", async () => {
  const file = join(directory, "torn.ndjson");
  const entry = { id: 1, token: "é".repeat(40_000), requestedAt: 1, acknowledgedAt: 2 };
  writeFileSync(file, `${JSON.stringify(entry)}\n${JSON.stringify({ ...entry, id: 2 })}\n{"id":3,"tok`);
  expect((await read(file)).map(({ id }) => id)).toEqual([1, 2]);
  appendFileSync(file, "\n");
  await expect(read(file)).rejects.toThrow();
});

test("the journal can be read on from where an entry ended", async () => {
  const file = join(directory, "on.ndjson");
  const journal = openJournal(file);
  for (const id of [1, 2, 3]) journal.note({ id, token: "t", requestedAt: 0, acknowledgedAt: id });
  const [first] = await read(file);
  expect((await read(file, first?.endByte)).map(({ id }) => id)).toEqual([2, 3]);
  journal.close();
});
