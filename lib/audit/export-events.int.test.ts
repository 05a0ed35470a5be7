import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AUDITOR, type TestDatabase, openTestDatabase } from "@/lib/db/test-database";
import { countFacets, exportEvents } from ".";
import { type Position, conditionOf, pageSql } from "./queries";
import { parseAuditQuery } from "./query";

const ROWS = 100_000;
const HEAP_GROWTH_MAX = 40 * 2 ** 20;

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  // About 1 KB an event, 100 of them at each instant.
  await database.db.$executeRaw`
    INSERT INTO audit_events (id, action, severity, retention_class, actor_kind, actor_id, performed_by, entity_type,
      entity_id, metadata, occurred_at, received_at)
    SELECT gen_random_uuid(), 'client.viewed', CASE WHEN n % 10 = 0 THEN 'high' ELSE 'info' END, '24-months', 'user',
      'u' || n % 50, 'u' || n % 50 || '@example.com', 'client', n::text,
      jsonb_build_object('filler', repeat(md5(n::text), 24)), at, at
    FROM generate_series(1, ${ROWS}::int) AS n,
      LATERAL (SELECT timestamptz '2026-01-01T00:00:00Z' + (n / 100) * interval '1 minute' AS at) AS time`;
  await database.db.$executeRaw`ANALYZE audit_events`;
});
afterAll(() => database.close());

function collector(): () => number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  return () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
}

it("100,000 events are exported whole, each once, in flat memory", async () => {
  const heapUsed = collector();
  const run = await exportEvents(database.ctx(AUDITOR), { query: "action:client.*", format: "ndjson" });
  const hash = createHash("sha256");
  const start = heapUsed();
  let [lines, sizeBytes, chunks, growth, largest] = [0, 0, 0, 0, 0];
  for await (const chunk of run.body) {
    hash.update(chunk);
    sizeBytes += chunk.byteLength;
    largest = Math.max(largest, chunk.byteLength);
    for (const byte of chunk) if (byte === 10) lines += 1;
    chunks += 1;
    if (chunks % 10 === 0) growth = Math.max(growth, heapUsed() - start);
  }
  expect(lines).toBe(ROWS);
  expect(run.summary()).toEqual({ rows: ROWS, sizeBytes, sha256: hash.digest("hex"), isComplete: true });
  expect(sizeBytes).toBeGreaterThan(80 * 2 ** 20);
  expect(growth).toBeLessThan(HEAP_GROWTH_MAX);
  expect(largest).toBeLessThan(4 * 2 ** 20);
});

interface PlanNode {
  "Actual Rows": number;
  "Rows Removed by Filter"?: number;
  Plans?: PlanNode[];
}

function rowsRead(node: PlanNode): number {
  const own = node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0);
  return Math.max(own, ...(node.Plans ?? []).map(rowsRead));
}

it("a page deep in the log reads no more rows than the first one", async () => {
  const ctx = database.ctx(AUDITOR);
  const condition = conditionOf(ctx, parseAuditQuery("action:client.*"));
  const readBy = async (after: Position | undefined) => {
    const page = pageSql(condition, { order: "newest", limit: 101, after });
    const [row] = await database.db.$queryRaw<
      { "QUERY PLAN": [{ Plan: PlanNode }] }[]
    >`EXPLAIN (ANALYZE, FORMAT JSON) ${page}`;
    return row ? rowsRead(row["QUERY PLAN"][0].Plan) : null;
  };
  expect(await readBy(undefined)).toBeLessThan(400);
  const middle = { receivedAt: new Date("2026-01-01T08:00:00Z"), id: "80000000-0000-4000-8000-000000000000" };
  expect(await readBy(middle)).toBeLessThan(400);
});

it("facets over the whole log are counted exactly up to their cap", async () => {
  expect(await countFacets(database.ctx(AUDITOR), { query: "action:client.*" })).toMatchObject({
    total: ROWS,
    isCapped: false,
    facets: {
      severity: {
        values: [
          { value: "info", count: ROWS * 0.9 },
          { value: "high", count: ROWS * 0.1 },
        ],
      },
      actor: { otherCount: ROWS * 0.6 },
    },
  });
});
