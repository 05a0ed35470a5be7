import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { previousTime } from "@/lib/kernel/cron";
import { PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { findConfiguration } from "@/lib/settings";
import { startBackup } from "./start-backup";

/** A slot that is later than this was missed: what it would take now belongs to the next one. */
const LATE_MS_MAX = 6 * 3_600_000;

/**
 * Claims the newest due slot of every declared full backup, exactly once over any number of runners (the row is the
 * claim), and starts it; one that nobody took in time is kept as `missed`. Ended runs end their slots.
 */
export async function claimSlots(ctx: Ctx): Promise<{ started: string[] }> {
  requirePermission(ctx, "job.perform");
  await endSlots(ctx);
  const loaded = await findConfiguration(ctx);
  const started: string[] = [];
  for (const [name, declaration] of Object.entries(loaded?.configuration.systems ?? {})) {
    if (declaration.kind !== "mariadb" || !declaration.backup.full) continue;
    const dueAt = previousTime(declaration.backup.full.schedule, ctx.now());
    const runId = await claimSlot(ctx, name, dueAt);
    if (runId) started.push(runId);
  }
  return { started };
}

async function claimSlot(ctx: Ctx, system: string, dueAt: Date): Promise<string | null> {
  requirePermission(ctx, "job.perform");
  const row = await ctx.db.system.findUnique({ where: { name: system } });
  // A schedule counts from its declaration on: nothing is missed before it.
  if (!row || dueAt < row.createdAt) return null;
  const isLate = ctx.now().getTime() - dueAt.getTime() > LATE_MS_MAX;
  const state = isLate ? "missed" : "running";
  const claimed = await ctx.db.slot.createMany({
    data: [{ systemId: row.id, type: "full", dueAt, state, claimedAt: ctx.now(), endedAt: isLate ? ctx.now() : null }],
    skipDuplicates: true,
  });
  if (claimed.count === 0) return null;
  if (isLate) {
    await ctx.transaction((tx) =>
      recordAudit(tx, ctx, {
        action: "slot.missed",
        entity: { type: "system", id: system },
        metadata: { type: "full", dueAt: dueAt.toISOString() },
      }),
    );
    return null;
  }
  const key = { systemId_type_dueAt: { systemId: row.id, type: "full", dueAt } };
  try {
    const { runId } = await startBackup(ctx, { system, reason: `scheduled for ${dueAt.toISOString()}` });
    await ctx.db.slot.update({ where: key, data: { runId } });
    return runId;
  } catch (error) {
    if (!(error instanceof PreconditionError)) throw error;
    // One is under way already: it is the slot's backup.
    const open = await ctx.db.run.findFirst({ where: { systemId: row.id, kind: "backup" }, orderBy: { id: "desc" } });
    await ctx.db.slot.update({ where: key, data: { runId: open?.id ?? null, ...(open ? {} : { state: "failed" }) } });
    return null;
  }
}

/** Gives each slot the end of its run: ok or failed. */
async function endSlots(ctx: Ctx): Promise<void> {
  await ctx.db.$executeRaw`
    UPDATE slots SET state = CASE WHEN runs.state = 'succeeded' THEN 'ok' ELSE 'failed' END, ended_at = runs.ended_at
    FROM runs
    WHERE slots.run_id = runs.id AND slots.state = 'running' AND runs.ended_at IS NOT NULL`;
}
