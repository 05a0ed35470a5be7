import { Prisma } from "@/lib/db/client";
import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import type { Severity } from "./events";
import { bucketSecondsFor } from "./model";
import { boundsOf } from "./query";
import { conditionOf, queryOf, selectEvents } from "./queries";
import { CountHistogramInput, type HistogramView } from "./schemas";

interface CountRow {
  bucket: number;
  severity: Severity;
  count: number;
}

type Counts = Record<Severity, number>;

function noCounts(): Counts {
  return { info: 0, warning: 0, high: 0, critical: 0 };
}

/** How many events match per stretch of time and severity, over the filter's range or, where that is open, from the
 *  first matching event to now. */
export async function countHistogram(ctx: Ctx, input: CountHistogramInput = {}): Promise<HistogramView> {
  requirePermission(ctx, "audit.read");
  const parsed = CountHistogramInput.parse(input);
  const query = queryOf(parsed);
  const condition = conditionOf(ctx, query);
  const bounds = boundsOf(query, ctx.now());
  const to = bounds.to ?? ctx.now();
  const from =
    bounds.from ?? (await selectEvents(ctx.db, condition, { order: "oldest", limit: 1 }))[0]?.receivedAt ?? to;
  const seconds = bucketSecondsFor(to.getTime() - from.getTime(), parsed.buckets);
  const rows = await ctx.db.$queryRaw<CountRow[]>`
    SELECT floor(extract(epoch FROM received_at) / ${seconds})::int AS bucket, severity, COUNT(*)::int AS count
    FROM audit_events
    WHERE ${condition} ${Prisma.sql`AND received_at >= ${from} AND received_at <= ${to}`}
    GROUP BY 1, 2`;
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    bucketSeconds: seconds,
    buckets: fill(rows, seconds, { from, to }),
  };
}

function fill(rows: CountRow[], seconds: number, range: { from: Date; to: Date }): HistogramView["buckets"] {
  const byBucket = new Map<number, Counts>();
  for (const { bucket, severity, count } of rows) {
    const counts = byBucket.get(bucket) ?? noCounts();
    counts[severity] += count;
    byBucket.set(bucket, counts);
  }
  const first = Math.floor(range.from.getTime() / 1_000 / seconds);
  const last = Math.max(first, Math.ceil(range.to.getTime() / 1_000 / seconds) - 1, ...byBucket.keys());
  return Array.from({ length: last - first + 1 }, (_, index) => ({
    at: new Date((first + index) * seconds * 1_000).toISOString(),
    counts: byBucket.get(first + index) ?? noCounts(),
  }));
}
