import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { findConfiguration } from "@/lib/settings";
import { ALERT_INCLUDE, toAlertViews } from "./alert-view";
import { type AlertPage, ListAlertsInput } from "./schemas";

const WHERE = { open: { resolvedAt: null }, resolved: { resolvedAt: { not: null } }, all: {} } as const;

/** Alerts with their deliveries, newest first. */
export async function listAlerts(ctx: Ctx, input: ListAlertsInput = {}): Promise<AlertPage> {
  requirePermission(ctx, "alert.read");
  const { state, cursor, limit } = ListAlertsInput.parse(input);
  const rows = await ctx.db.alert.findMany({
    where: { ...WHERE[state], ...(cursor ? { id: { lt: cursor } } : {}) },
    orderBy: { id: "desc" },
    take: limit + 1,
    include: ALERT_INCLUDE,
  });
  const page = rows.slice(0, limit);
  return {
    alerts: await toAlertViews(ctx.db, ctx, page),
    nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
    channels: Object.keys((await findConfiguration(ctx))?.configuration.channels ?? {}),
  };
}
