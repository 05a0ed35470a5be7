import { createHash } from "node:crypto";
import type { Prisma } from "@/lib/db/client";
import type { Ctx } from "@/lib/db/context";
import { newId } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import { formatAuditQuery } from "./query";
import { type Position, conditionOf, queryOf, selectEvents, toEventView } from "./queries";
import { recordAudit } from "./record-audit";
import { type Rendering, renderingOf } from "./render-events";
import { ExportEventsInput, type ExportFormat } from "./schemas";

const PAGE_ROWS = 1_000;

export interface ExportSummary {
  rows: number;
  sizeBytes: number;
  /** Of the bytes handed out, as hexadecimal. */
  sha256: string;
  /** Whether everything was handed out; false when the reader or an error ended it before. */
  isComplete: boolean;
}

export interface ExportRequest {
  query: string;
  format: ExportFormat;
  until: string | null;
}

export interface AuditExport {
  id: string;
  fileName: string;
  contentType: string;
  /** What was asked for: the whole query as text, the format, and the receipt of the newest event in it. */
  request: ExportRequest;
  /** The file, oldest event first, made while it is read: one page of events is in memory at a time. Read it once. */
  body: AsyncIterable<Uint8Array>;
  /** What was handed out so far. */
  summary(): ExportSummary;
}

interface Plan {
  id: string;
  request: ExportRequest;
  rendering: Rendering;
  condition: Prisma.Sql;
  /** The newest event when the export began: what comes later, the export's own events too, is not in it. */
  until: Position | null;
}

class Meter {
  rows = 0;
  sizeBytes = 0;
  isComplete = false;
  readonly #hash = createHash("sha256");

  count(text: string): Uint8Array {
    const bytes = Buffer.from(text, "utf8");
    this.sizeBytes += bytes.byteLength;
    this.#hash.update(bytes);
    return bytes;
  }

  summary(): ExportSummary {
    return {
      rows: this.rows,
      sizeBytes: this.sizeBytes,
      sha256: this.#hash.copy().digest("hex"),
      isComplete: this.isComplete,
    };
  }
}

async function* readPages(ctx: Ctx, plan: Plan, meter: Meter): AsyncGenerator<string> {
  let after: Position | undefined;
  while (plan.until) {
    const rows = await selectEvents(ctx.db, plan.condition, {
      order: "oldest",
      limit: PAGE_ROWS,
      after,
      until: plan.until,
    });
    if (rows.length > 0) {
      const isFirst = meter.rows === 0;
      meter.rows += rows.length;
      yield plan.rendering.page(rows.map(toEventView), isFirst);
    }
    if (rows.length < PAGE_ROWS) return;
    after = rows.at(-1);
  }
}

async function* writeFile(ctx: Ctx, plan: Plan, meter: Meter): AsyncGenerator<Uint8Array> {
  try {
    if (plan.rendering.head) yield meter.count(plan.rendering.head);
    for await (const page of readPages(ctx, plan, meter)) yield meter.count(page);
    if (plan.rendering.tail) yield meter.count(plan.rendering.tail);
    meter.isComplete = true;
  } finally {
    await finishExport(ctx, plan, meter.summary());
  }
}

/* Also for an export that was cut: some of the log has left the house. */
async function finishExport(ctx: Ctx, plan: Plan, summary: ExportSummary): Promise<void> {
  requirePermission(ctx, "audit.export");
  await ctx.transaction((tx) =>
    recordAudit(tx, ctx, {
      action: "audit.exported",
      entity: { type: "audit-export", id: plan.id },
      metadata: { ...plan.request, ...summary },
    }),
  );
}

/** Exports the tenant's events of a filter as they are now. Two events tell of it: `audit.export-started` before the
 *  first byte, and `audit.exported` with what was handed out; if the first cannot be written, nothing leaves.
 *  @throws ValidationError for a query that cannot be read */
export async function exportEvents(ctx: Ctx, input: ExportEventsInput): Promise<AuditExport> {
  requirePermission(ctx, "audit.export");
  const parsed = ExportEventsInput.parse(input);
  const query = queryOf(parsed);
  const condition = conditionOf(ctx, query);
  const [newest] = await selectEvents(ctx.db, condition, { order: "newest", limit: 1 });
  const plan: Plan = {
    id: newId(),
    request: {
      query: formatAuditQuery(query),
      format: parsed.format,
      until: newest ? newest.receivedAt.toISOString() : null,
    },
    rendering: renderingOf(parsed.format),
    condition,
    until: newest ?? null,
  };
  await ctx.transaction((tx) =>
    recordAudit(tx, ctx, {
      action: "audit.export-started",
      entity: { type: "audit-export", id: plan.id },
      metadata: { ...plan.request },
    }),
  );
  const meter = new Meter();
  const day = ctx.now().toISOString().slice(0, 19).replace(/[-:]/g, "");
  return {
    id: plan.id,
    fileName: `audit-${day}Z.${parsed.format}`,
    contentType: plan.rendering.contentType,
    request: plan.request,
    body: writeFile(ctx, plan, meter),
    summary: () => meter.summary(),
  };
}
