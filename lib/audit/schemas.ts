import { z } from "zod";
import { RETENTION_CLASSES, SEVERITIES } from "./events";

export { SEVERITIES, type AuditAction, type Severity } from "./events";
export {
  formatAuditQuery,
  formatTerm,
  parseAuditQuery,
  type AuditQuery,
  type Comparison,
  type QueryField,
  type QueryTerm,
} from "./query";

/** An event as pages, the API and the command line see it. Times are RFC 3339 in UTC. */
export const AuditEventView = z.object({
  id: z.string(),
  action: z.string(),
  severity: z.enum(SEVERITIES),
  retentionClass: z.enum(RETENTION_CLASSES),
  actor: z.object({ kind: z.string(), id: z.string(), label: z.string() }),
  entity: z.object({ type: z.string(), id: z.string().nullable() }),
  correlationId: z.string().nullable(),
  ipAddress: z.string().nullable(),
  userAgent: z.string().nullable(),
  changes: z.object({ before: z.unknown(), after: z.unknown() }).nullable(),
  metadata: z.record(z.string(), z.unknown()),
  occurredAt: z.string(),
  receivedAt: z.string(),
});
export type AuditEventView = z.infer<typeof AuditEventView>;

/** What a list, its facets, its histogram and its export have in common. `from` and `to` win over those of the query. */
export const AuditFilterInput = z.strictObject({
  query: z.string().default(""),
  /** A date, an RFC 3339 time or a duration back from now such as `-24h`; by the time of receipt. */
  from: z.string().min(1).optional(),
  /** Exclusive, except that a date includes its whole day. */
  to: z.string().min(1).optional(),
});
export type AuditFilterInput = z.input<typeof AuditFilterInput>;

export const PAGE_SIZE_MAX = 200;

export const ListEventsInput = AuditFilterInput.extend({
  /** `nextCursor` of the page before, for the same filter. */
  cursor: z.string().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_SIZE_MAX).default(100),
});
export type ListEventsInput = z.input<typeof ListEventsInput>;

export const EventPage = z.object({ events: z.array(AuditEventView), nextCursor: z.string().nullable() });
export type EventPage = z.infer<typeof EventPage>;

export const GetEventInput = z.strictObject({ id: z.uuid() });
export type GetEventInput = z.input<typeof GetEventInput>;

export const FACET_FIELDS = ["action", "actor", "severity", "entity"] as const;

const Facet = z.object({
  values: z.array(z.object({ value: z.string(), count: z.number() })),
  /** Events with values beyond those listed. */
  otherCount: z.number(),
});

export const FacetsView = z.object({
  /** Newest events counted at most: with `isCapped` all figures are of those. */
  total: z.number(),
  isCapped: z.boolean(),
  facets: z.record(z.enum(FACET_FIELDS), Facet),
});
export type FacetsView = z.infer<typeof FacetsView>;

export const CountHistogramInput = AuditFilterInput.extend({
  /** Buckets at most; their width is the next round one. */
  buckets: z.coerce.number().int().min(1).max(200).default(60),
});
export type CountHistogramInput = z.input<typeof CountHistogramInput>;

export const HistogramView = z.object({
  from: z.string(),
  to: z.string(),
  bucketSeconds: z.number(),
  /** Without holes, oldest first. */
  buckets: z.array(z.object({ at: z.string(), counts: z.record(z.enum(SEVERITIES), z.number()) })),
});
export type HistogramView = z.infer<typeof HistogramView>;

export const EXPORT_FORMATS = ["csv", "ndjson", "json"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export const ExportEventsInput = AuditFilterInput.extend({ format: z.enum(EXPORT_FORMATS) });
export type ExportEventsInput = z.input<typeof ExportEventsInput>;
