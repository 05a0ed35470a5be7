import { type NewAuditEvent, recordAudit } from "@/lib/audit";
import type { Severity } from "@/lib/audit/schemas";
import { VERIFICATION_LEVELS } from "@/lib/backups/schemas";
import type { Ctx, Tx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { findConfiguration } from "@/lib/settings";
import type { Configuration } from "@/lib/settings/schemas";
import { addDeliveries } from "./add-deliveries";
import { lockAlerts } from "./lock-alerts";
import { raisedSeverity } from "./model";
import { type Recipient, recipientsOfAll } from "./recipients";

/**
 * Looks at every open alert: its task is done when a backup of that system completed, it is resolved when the next one
 * succeeded, and an overdue task makes it graver. Of the last two everybody is told who is told of an alert. Everything
 * is read from the facts, so that it may happen late or twice.
 */
export async function settleAlerts(ctx: Ctx): Promise<{ resolved: number; overdue: number }> {
  requirePermission(ctx, "job.perform");
  const open = await ctx.db.alert.findFirst({ where: { resolvedAt: null }, select: { id: true } });
  if (!open) return { resolved: 0, overdue: 0 };
  const configuration = (await findConfiguration(ctx))?.configuration ?? null;
  return ctx.transaction(async (tx) => {
    await lockAlerts(tx);
    await endTasks(tx, ctx);
    const resolved = await resolve(tx, ctx);
    const overdue = await raiseOverdue(tx, ctx, configuration);
    for (const event of [...resolved, ...overdue]) await recordAudit(tx, ctx, event);
    return { resolved: resolved.length, overdue: overdue.length };
  });
}

/** A full counts for everything; after a gap only one that began after it, since an earlier one belongs to the lost log. */
async function endTasks(tx: Tx, ctx: Ctx): Promise<void> {
  await tx.$executeRaw`
    UPDATE alerts SET done_at = ${ctx.now()}, done_backup_id = backup.id
    FROM alerts AS a CROSS JOIN LATERAL (
      SELECT b.id FROM backups b
      WHERE b.system_id = a.system_id AND b.state = 'complete' AND (
        (a.kind = 'log-gap' AND b.type = 'full' AND b.started_at >= a.last_at)
        OR (a.kind <> 'log-gap' AND (b.type = 'full' OR b.type = a.type) AND b.ended_at > a.last_at)
        -- The missing copy was brought in.
        OR (a.kind = 'backup-incomplete' AND b.id = a.backup_id))
      ORDER BY b.ended_at LIMIT 1) AS backup
    WHERE alerts.id = a.id AND a.resolved_at IS NULL AND a.done_at IS NULL`;
}

async function resolve(tx: Tx, ctx: Ctx): Promise<NewAuditEvent[]> {
  const levels = [...VERIFICATION_LEVELS];
  const rows = await tx.$queryRaw<{ id: string; system: string; kind: string; backupId: string | null }[]>`
    UPDATE alerts SET resolved_at = ${ctx.now()}
    FROM systems
    WHERE systems.id = alerts.system_id AND alerts.resolved_at IS NULL AND (
      systems.removed_at IS NOT NULL
      -- Not backed up any more, by decision: nothing could ever succeed.
      OR systems.kind = 'service'
      OR (alerts.kind <> 'verification-failed' AND alerts.done_at IS NOT NULL)
      OR (alerts.kind = 'verification-failed' AND EXISTS (
        SELECT 1 FROM verifications v
        WHERE v.system_id = alerts.system_id AND v.verdict = 'pass' AND v.at > alerts.last_at
          AND array_position(${levels}::text[], v.level) >= COALESCE(array_position(${levels}::text[], alerts.level), 1))))
    RETURNING alerts.id::text AS id, systems.name AS system, alerts.kind, alerts.done_backup_id::text AS "backupId"`;
  for (const { id: alertId } of rows) {
    await addDeliveries(tx, ctx, { alertId, event: "resolved", recipients: await whoWasTold(tx, alertId) });
  }
  return rows.map(({ id, ...metadata }) => ({ action: "alert.resolved", entity: { type: "alert", id }, metadata }));
}

/** Whoever was woken by it hears that it is over, also when another person is the owner by now. */
async function whoWasTold(tx: Tx, alertId: string): Promise<Recipient[]> {
  const told = await tx.alertDelivery.findMany({
    where: { alertId },
    distinct: ["channel", "recipient"],
    select: { channel: true, kind: true, recipient: true },
  });
  return told.map((each) => ({ ...each, kind: each.kind as Recipient["kind"] }));
}

async function raiseOverdue(tx: Tx, ctx: Ctx, configuration: Configuration | null): Promise<NewAuditEvent[]> {
  const events: NewAuditEvent[] = [];
  const late = await tx.alert.findMany({
    where: { resolvedAt: null, doneAt: null, overdueAt: null, dueAt: { lte: ctx.now() } },
    include: { system: { select: { name: true } } },
  });
  for (const { id, kind, severity, dueAt, system } of late) {
    const graver = raisedSeverity(severity as Severity);
    await tx.alert.update({ where: { id }, data: { overdueAt: ctx.now(), severity: graver } });
    const recipients = recipientsOfAll(configuration, system.name);
    await addDeliveries(tx, ctx, { alertId: id, event: "overdue", recipients });
    events.push({
      action: "alert.overdue",
      entity: { type: "alert", id },
      metadata: { kind, system: system.name, dueAt: dueAt.toISOString(), severity: graver },
    });
  }
  return events;
}
