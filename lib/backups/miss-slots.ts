import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { abandonRun } from "@/lib/runs";
import { LATE_MS_MAX } from "./claim-due";

interface WaitingSlot {
  systemId: string;
  system: string;
  type: string;
  dueAt: Date;
  runId: string;
}

/**
 * Ends slots whose run nobody took in time, as missed: it waits for a label that no runner has. The run ends as well
 * when it is that old itself: a runner that comes back a day later must not begin with yesterday's backup.
 * @returns how many
 */
export async function missSlots(ctx: Ctx): Promise<number> {
  requirePermission(ctx, "job.perform");
  const late = new Date(ctx.now().getTime() - LATE_MS_MAX);
  const waiting = await ctx.db.$queryRaw<WaitingSlot[]>`
    SELECT slots.system_id::text AS "systemId", systems.name AS system, slots.type, slots.due_at AS "dueAt",
      runs.id::text AS "runId"
    FROM slots JOIN runs ON runs.id = slots.run_id JOIN systems ON systems.id = slots.system_id
    WHERE slots.state = 'running' AND slots.due_at < ${late} AND runs.state = 'queued' AND runs.started_at IS NULL`;
  let missed = 0;
  for (const slot of waiting) if (await missSlot(ctx, slot, late)) missed += 1;
  return missed;
}

/** Nothing when a runner has just taken the run after all. */
async function missSlot(ctx: Ctx, { systemId, system, type, dueAt, runId }: WaitingSlot, late: Date): Promise<boolean> {
  requirePermission(ctx, "job.perform");
  return ctx.transaction(async (tx) => {
    const [run] = await tx.$queryRaw<{ queuedAt: Date; place: string | null }[]>`
      SELECT queued_at AS "queuedAt", parameters->>'place' AS place FROM runs
      WHERE id = ${runId}::uuid AND started_at IS NULL FOR UPDATE`;
    if (!run) return false;
    const { count } = await tx.slot.updateMany({
      where: { systemId, type, dueAt, state: "running" },
      data: { state: "missed", endedAt: ctx.now() },
    });
    if (count === 0) return false;
    await recordAudit(tx, ctx, {
      action: "slot.missed",
      entity: { type: "system", id: system },
      metadata: { type, dueAt: dueAt.toISOString(), run: runId },
    });
    if (run.queuedAt < late) {
      await abandonRun(tx, ctx, {
        id: runId,
        message: `no runner of "${run.place ?? "its site"}" took it in time`,
        hint: "Does a runner with this site or label work? `holdfast doctor` says.",
      });
    }
    return true;
  });
}
