import type { Prisma } from "@/lib/db/client";
import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { conditionOf, queryOf } from "./queries";
import { AuditFilterInput, type FACET_FIELDS, type FacetsView } from "./schemas";

/* Counting is bounded: a page never waits for a scan of the whole log. */
const EVENTS_MAX = 100_000;
const VALUES_MAX = 20;

interface FacetRow {
  facet: (typeof FACET_FIELDS)[number] | null;
  value: string | null;
  count: number;
}

async function selectCounts(ctx: Ctx, condition: Prisma.Sql): Promise<FacetRow[]> {
  return ctx.db.$queryRaw<FacetRow[]>`
    WITH matching AS MATERIALIZED (
      SELECT action, performed_by, severity, entity_type FROM audit_events
      WHERE ${condition} ORDER BY received_at DESC, id DESC LIMIT ${EVENTS_MAX + 1}
    ), counted AS (
      SELECT CASE WHEN GROUPING(action) = 0 THEN 'action' WHEN GROUPING(performed_by) = 0 THEN 'actor'
          WHEN GROUPING(severity) = 0 THEN 'severity' WHEN GROUPING(entity_type) = 0 THEN 'entity' END AS facet,
        COALESCE(action, performed_by, severity, entity_type) AS value, COUNT(*)::int AS count
      FROM matching GROUP BY GROUPING SETS ((action), (performed_by), (severity), (entity_type), ())
    ), ranked AS (
      SELECT *, ROW_NUMBER() OVER (PARTITION BY facet ORDER BY count DESC, value) AS rank FROM counted
    )
    SELECT facet, value, count FROM ranked WHERE rank <= ${VALUES_MAX} ORDER BY facet, rank`;
}

/** How many events match per action, actor, severity and type of entity, most frequent first. */
export async function countFacets(ctx: Ctx, input: AuditFilterInput = {}): Promise<FacetsView> {
  requirePermission(ctx, "audit.read");
  const rows = await selectCounts(ctx, conditionOf(ctx, queryOf(AuditFilterInput.parse(input))));
  const counted = rows.find((row) => row.facet === null)?.count ?? 0;
  const facetOf = (field: (typeof FACET_FIELDS)[number]) => {
    const values = rows.flatMap((row) =>
      row.facet === field && row.value !== null ? [{ value: row.value, count: row.count }] : [],
    );
    return { values, otherCount: counted - values.reduce((sum, { count }) => sum + count, 0) };
  };
  return {
    total: Math.min(counted, EVENTS_MAX),
    isCapped: counted > EVENTS_MAX,
    facets: {
      action: facetOf("action"),
      actor: facetOf("actor"),
      severity: facetOf("severity"),
      entity: facetOf("entity"),
    },
  };
}
