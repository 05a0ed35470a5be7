import { stringify } from "csv-stringify/sync";
import type { AuditEventView, ExportFormat } from "./schemas";

/** How an export of one format reads: `head`, then pages joined without anything between them, then `tail`. */
export interface Rendering {
  contentType: string;
  head: string;
  /** `isFirst`: no event came before this page. */
  page(events: AuditEventView[], isFirst: boolean): string;
  tail: string;
}

/* A spreadsheet takes such a cell for a formula. Spaces before it do not save every reader; the last four are the
   full-width forms. Quoting does not help: the quotes are gone before the cell is read. */
const FORMULA = /^\s*[=+\-@\t\r\n|\uFF1D\uFF0B\uFF0D\uFF20]/;

/** A cell that no spreadsheet evaluates: `'` goes before what would begin a formula. */
export function guardCell(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

const COLUMNS: [name: string, read: (event: AuditEventView) => string | null][] = [
  ["id", (event) => event.id],
  ["received_at", (event) => event.receivedAt],
  ["occurred_at", (event) => event.occurredAt],
  ["action", (event) => event.action],
  ["severity", (event) => event.severity],
  ["retention_class", (event) => event.retentionClass],
  ["actor_kind", (event) => event.actor.kind],
  ["actor_id", (event) => event.actor.id],
  ["performed_by", (event) => event.actor.label],
  ["entity_type", (event) => event.entity.type],
  ["entity_id", (event) => event.entity.id],
  ["ip_address", (event) => event.ipAddress],
  ["user_agent", (event) => event.userAgent],
  ["correlation_id", (event) => event.correlationId],
  ["changes", (event) => (event.changes ? JSON.stringify(event.changes) : null)],
  ["metadata", (event) => JSON.stringify(event.metadata)],
];

/* RFC 4180: CRLF after each record, quotes where a cell holds a comma, a quote or any line break. */
function renderCsv(rows: string[][]): string {
  return rows.length === 0 ? "" : stringify(rows, { record_delimiter: "\r\n", quote_record_delimiter: true });
}

const RENDERINGS: Record<ExportFormat, Rendering> = {
  csv: {
    contentType: "text/csv; charset=utf-8; header=present",
    head: renderCsv([COLUMNS.map(([name]) => name)]),
    page: (events) => renderCsv(events.map((event) => COLUMNS.map(([, read]) => guardCell(read(event) ?? "")))),
    tail: "",
  },
  ndjson: {
    contentType: "application/x-ndjson; charset=utf-8",
    head: "",
    page: (events) => events.map((event) => `${JSON.stringify(event)}\n`).join(""),
    tail: "",
  },
  json: {
    contentType: "application/json; charset=utf-8",
    head: "[",
    page: (events, isFirst) =>
      events.map((event, index) => `${isFirst && index === 0 ? "\n" : ",\n"}${JSON.stringify(event)}`).join(""),
    tail: "\n]\n",
  },
};

export function renderingOf(format: ExportFormat): Rendering {
  return RENDERINGS[format];
}
