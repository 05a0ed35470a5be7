import { recordAudit } from "@/lib/audit";
import type { Ctx, Tx } from "@/lib/db/context";
import { nextTimes, previousTime } from "@/lib/kernel/cron";
import { requirePermission } from "@/lib/kernel/permissions";

/** A slot that is later than this was missed: what it would take now belongs to the next one. */
export const LATE_MS_MAX = 6 * 3_600_000;
/** So many slots that passed while no runner worked are kept one by one. */
const MISSED_MAX = 10_000;
const VERSIONS_MAX = 200;

/** A schedule of a system, and what its slots start. */
export interface DueSchedule {
  system: string;
  /** Of the slots; one schedule a system and type. */
  type: string;
  schedule: string;
  /** Where a version of the configuration says it, and the schedule that is said there; null: none. */
  declaredAt: readonly string[];
  scheduleIn(declared: unknown): string | null;
  /** Starts the run of a slot, in the claim's own transaction, or joins one that does as well. */
  start(tx: Tx, ctx: Ctx, slot: DueSlot): Promise<{ runId: string; isOwn: boolean }>;
}

export interface DueSlot {
  systemId: string;
  system: string;
  dueAt: Date;
}

/**
 * Claims the newest due slot of a schedule, exactly once over any number of runners (the row is the claim), and starts
 * it. One that nobody took in time is kept as `missed`, and so are those before it that passed while no runner worked.
 * @returns the run that was started
 */
export async function claimDue(ctx: Ctx, due: DueSchedule): Promise<string | null> {
  requirePermission(ctx, "job.perform");
  const row = await ctx.db.system.findUnique({ where: { name: due.system } });
  if (!row) return null;
  const slot: DueSlot = { systemId: row.id, system: due.system, dueAt: previousTime(due.schedule, ctx.now()) };
  const known = await ctx.db.slot.findFirst({
    where: { systemId: row.id, type: due.type, dueAt: { gte: slot.dueAt } },
    select: { dueAt: true },
  });
  if (known) return null;
  const since = await declaredSince(ctx, due);
  return since && slot.dueAt >= since ? claimSlot(ctx, { due, slot }, since) : null;
}

/** Since when the schedule is declared without a break: nothing is due, or missed, before it. */
async function declaredSince(ctx: Ctx, { declaredAt, scheduleIn, schedule }: DueSchedule): Promise<Date | null> {
  const versions = await ctx.db.$queryRaw<{ appliedAt: Date; declared: unknown }[]>`
    SELECT applied_at AS "appliedAt", document #> ${[...declaredAt]}::text[] AS declared
    FROM configurations ORDER BY version DESC LIMIT ${VERSIONS_MAX}`;
  const other = versions.findIndex((version) => scheduleIn(version.declared) !== schedule);
  return (other === -1 ? versions : versions.slice(0, other)).at(-1)?.appliedAt ?? null;
}

/** The slot, its run and their events are there together, or nothing of them. Returns the run that was started. */
async function claimSlot(
  ctx: Ctx,
  { due, slot }: { due: DueSchedule; slot: DueSlot },
  since: Date,
): Promise<string | null> {
  requirePermission(ctx, "job.perform");
  const { systemId, dueAt } = slot;
  const { type } = due;
  const isLate = ctx.now().getTime() - dueAt.getTime() > LATE_MS_MAX;
  const newest = await ctx.db.slot.findFirst({
    where: { systemId, type, dueAt: { gte: since } },
    orderBy: { dueAt: "desc" },
  });
  const passed = passedTimes({ ...due, dueAt }, newest ? newest.dueAt : new Date(since.getTime() - 1));
  return ctx.transaction(async (tx) => {
    const missed = await tx.slot.createManyAndReturn({
      data: [...passed, ...(isLate ? [dueAt] : [])].map((at) => ({
        systemId,
        type,
        dueAt: at,
        state: "missed",
        endedAt: ctx.now(),
      })),
      skipDuplicates: true,
    });
    for (const { dueAt: at } of missed) {
      await recordAudit(tx, ctx, {
        action: "slot.missed",
        entity: { type: "system", id: due.system },
        metadata: { type, dueAt: at.toISOString() },
      });
    }
    return isLate ? null : startSlot(tx, ctx, { due, slot });
  });
}

/** Due times after an instant and before the newest one, oldest first. */
function passedTimes({ schedule, dueAt }: { schedule: string; dueAt: Date }, after: Date): Date[] {
  const times: Date[] = [];
  for (let at = after; times.length < MISSED_MAX;) {
    const [next] = nextTimes(schedule, at, 1);
    if (!next || next >= dueAt) break;
    times.push(next);
    at = next;
  }
  return times;
}

async function startSlot(tx: Tx, ctx: Ctx, { due, slot }: { due: DueSchedule; slot: DueSlot }): Promise<string | null> {
  const key = { systemId: slot.systemId, type: due.type, dueAt: slot.dueAt };
  const claimed = await tx.slot.createMany({
    data: [{ ...key, state: "running", claimedAt: ctx.now() }],
    skipDuplicates: true,
  });
  if (claimed.count === 0) return null;
  const { runId, isOwn } = await due.start(tx, ctx, slot);
  await tx.slot.update({ where: { systemId_type_dueAt: key }, data: { runId } });
  return isOwn ? runId : null;
}
