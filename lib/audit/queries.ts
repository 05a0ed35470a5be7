import { Prisma } from "@/lib/db/client";
import type { Ctx, Tx } from "@/lib/db/context";
import type { AuditEventView, AuditFilterInput } from "./schemas";
import { type AuditQuery, type QueryField, type QueryTerm, boundsOf, parseAuditQuery, severitiesOf } from "./query";

/** Where a page begins or ends: the order of the log is (received_at, id). */
export interface Position {
  receivedAt: Date;
  id: string;
}

export interface EventRow extends Position {
  action: string;
  severity: AuditEventView["severity"];
  retentionClass: AuditEventView["retentionClass"];
  actorKind: string;
  actorId: string;
  performedBy: string;
  entityType: string;
  entityId: string | null;
  correlationId: string | null;
  ipAddress: string | null;
  userAgent: string | null;
  changes: { before: unknown; after: unknown } | null;
  metadata: Record<string, unknown>;
  occurredAt: Date;
}

export function toEventView(row: EventRow): AuditEventView {
  return {
    id: row.id,
    action: row.action,
    severity: row.severity,
    retentionClass: row.retentionClass,
    actor: { kind: row.actorKind, id: row.actorId, label: row.performedBy },
    entity: { type: row.entityType, id: row.entityId },
    correlationId: row.correlationId,
    ipAddress: row.ipAddress,
    userAgent: row.userAgent,
    changes: row.changes,
    metadata: row.metadata,
    occurredAt: row.occurredAt.toISOString(),
    receivedAt: row.receivedAt.toISOString(),
  };
}

/** The query of a parsed input, with the input's own bounds in it. */
export function queryOf(input: { query: string } & Pick<AuditFilterInput, "from" | "to">): AuditQuery {
  const query = parseAuditQuery(input.query);
  return { ...query, from: input.from ?? query.from, to: input.to ?? query.to };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

/* `ann@*` is a prefix; anything else is the whole value. */
function matchText(column: Prisma.Sql, value: string): Prisma.Sql {
  return value.endsWith("*")
    ? Prisma.sql`${column} LIKE ${`${escapeLike(value.slice(0, -1))}%`}`
    : Prisma.sql`${column} = ${value}`;
}

function matchEntity(value: string): Prisma.Sql {
  const slash = value.indexOf("/");
  if (slash < 0) return Prisma.sql`entity_type = ${value}`;
  const id = value.slice(slash + 1);
  const type = Prisma.sql`entity_type = ${value.slice(0, slash)}`;
  return id === "*" ? type : Prisma.sql`(${type} AND ${matchText(Prisma.sql`entity_id`, id)})`;
}

const MATCHERS: Record<QueryField, (term: QueryTerm) => Prisma.Sql> = {
  action: ({ value }) => matchText(Prisma.sql`action`, value),
  severity: (term) => Prisma.sql`severity = ANY(${severitiesOf(term)})`,
  actor: ({ value }) =>
    UUID.test(value)
      ? Prisma.sql`actor_id = ${value.toLowerCase()}`
      : matchText(Prisma.sql`lower(performed_by)`, value.toLowerCase()),
  entity: ({ value }) => matchEntity(value),
  ip: ({ value }) => matchText(Prisma.sql`ip_address`, value),
  correlation: ({ value }) => Prisma.sql`correlation_id = ${value}`,
};

function fieldConditions(terms: QueryTerm[]): Prisma.Sql[] {
  const wanted = new Map<QueryField, Prisma.Sql[]>();
  const conditions: Prisma.Sql[] = [];
  for (const term of terms) {
    const match = MATCHERS[term.field](term);
    // A column may be null: an event without an address is not one from the excluded address.
    if (term.isExcluded) conditions.push(Prisma.sql`(${match}) IS NOT TRUE`);
    else wanted.set(term.field, [...(wanted.get(term.field) ?? []), match]);
  }
  for (const matches of wanted.values()) conditions.push(Prisma.sql`(${Prisma.join(matches, " OR ")})`);
  return conditions;
}

/** The WHERE of a query, always bound to the ctx's tenant. @throws ValidationError for a bound that is not a time */
export function conditionOf(ctx: Pick<Ctx, "tenantId" | "now">, query: AuditQuery): Prisma.Sql {
  const { from, to } = boundsOf(query, ctx.now());
  const conditions = [Prisma.sql`msp_id = ${ctx.tenantId}`];
  if (from) conditions.push(Prisma.sql`received_at >= ${from}`);
  if (to) conditions.push(Prisma.sql`received_at < ${to}`);
  return Prisma.join([...conditions, ...fieldConditions(query.terms)], " AND ");
}

export interface PageOptions {
  order: "newest" | "oldest";
  limit: number;
  /** Begins behind it. */
  after?: Position | undefined;
  /** Ends with it. */
  until?: Position | undefined;
}

function keyset(position: Position, operator: "<" | "<=" | ">"): Prisma.Sql {
  return Prisma.sql`AND (received_at, id) ${Prisma.raw(operator)} (${position.receivedAt}, ${position.id}::uuid)`;
}

/** The statement of one page. Keyset by row comparison: its cost does not grow with the depth of the page. */
export function pageSql(condition: Prisma.Sql, { order, limit, after, until }: PageOptions): Prisma.Sql {
  const direction = Prisma.raw(order === "newest" ? "DESC" : "ASC");
  return Prisma.sql`
    SELECT id, action, severity, retention_class AS "retentionClass", actor_kind AS "actorKind", actor_id AS "actorId",
      performed_by AS "performedBy", entity_type AS "entityType", entity_id AS "entityId",
      correlation_id AS "correlationId", ip_address AS "ipAddress", user_agent AS "userAgent",
      changes, metadata, occurred_at AS "occurredAt", received_at AS "receivedAt"
    FROM audit_events
    WHERE ${condition}
      ${after ? keyset(after, order === "newest" ? "<" : ">") : Prisma.empty}
      ${until ? keyset(until, "<=") : Prisma.empty}
    ORDER BY received_at ${direction}, id ${direction}
    LIMIT ${limit}`;
}

/** One page of events. */
export async function selectEvents(
  db: Tx | Ctx["db"],
  condition: Prisma.Sql,
  options: PageOptions,
): Promise<EventRow[]> {
  return db.$queryRaw<EventRow[]>(pageSql(condition, options));
}
