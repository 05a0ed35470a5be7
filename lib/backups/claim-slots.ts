import { z } from "zod";
import { recordAudit } from "@/lib/audit";
import type { Ctx, Tx } from "@/lib/db/context";
import { nextTimes, previousTime } from "@/lib/kernel/cron";
import { PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { findConfiguration } from "@/lib/settings";
import { DEFAULT_SCHEDULES, declaredBackups } from "@/lib/settings/schemas";
import type { BackupType } from "./schemas";
import { findOpenBackup, startBackup } from "./start-backup";

/** A slot that is later than this was missed: what it would take now belongs to the next one. */
const LATE_MS_MAX = 6 * 3_600_000;
/** So many slots that passed while no runner worked are kept one by one. */
const MISSED_MAX = 10_000;
const VERSIONS_MAX = 200;

interface Due {
  systemId: string;
  system: string;
  type: BackupType;
  schedule: string;
  dueAt: Date;
}

/**
 * Claims the newest due slot of every declared backup, exactly once over any number of runners (the row is the
 * claim), and starts it. One that nobody took in time is kept as `missed`, and so are those before it that passed
 * while no runner worked. Ended runs end their slots.
 */
export async function claimSlots(ctx: Ctx): Promise<{ started: string[] }> {
  requirePermission(ctx, "job.perform");
  await endSlots(ctx);
  const loaded = await findConfiguration(ctx);
  const started: string[] = [];
  const schedules = Object.entries(loaded?.configuration.systems ?? {}).flatMap(([system, declaration]) =>
    declaredBackups(declaration)
      .filter(({ stream }) => !stream)
      .map(({ type, schedule }) => ({ system, type, schedule })),
  );
  for (const each of schedules) {
    try {
      const runId = await claimNewest(ctx, each);
      if (runId) started.push(runId);
    } catch (error) {
      // One system's trouble must not cost the others their slots; the next tick tries again.
      ctx.log.error({ err: error, system: each.system, type: each.type }, "a due slot could not be claimed");
    }
  }
  return { started };
}

async function claimNewest(
  ctx: Ctx,
  { system, type, schedule }: { system: string; type: BackupType; schedule: string },
): Promise<string | null> {
  const row = await ctx.db.system.findUnique({ where: { name: system } });
  if (!row) return null;
  const due: Due = { systemId: row.id, system, type, schedule, dueAt: previousTime(schedule, ctx.now()) };
  const known = await ctx.db.slot.findFirst({
    where: { systemId: row.id, type, dueAt: { gte: due.dueAt } },
    select: { dueAt: true },
  });
  if (known) return null;
  const since = await declaredSince(ctx, due);
  return since && due.dueAt >= since ? claimSlot(ctx, due, since) : null;
}

/** Since when the schedule is declared without a break: nothing is due, or missed, before it. */
async function declaredSince(ctx: Ctx, { system, type, schedule }: Due): Promise<Date | null> {
  const versions = await ctx.db.$queryRaw<{ appliedAt: Date; declared: unknown }[]>`
    SELECT applied_at AS "appliedAt", document #> ${["systems", system, "backup", type]}::text[] AS declared
    FROM configurations ORDER BY version DESC LIMIT ${VERSIONS_MAX}`;
  const other = versions.findIndex((version) => scheduleOf(version.declared, type) !== schedule);
  return (other === -1 ? versions : versions.slice(0, other)).at(-1)?.appliedAt ?? null;
}

const Written = z.object({ schedule: z.string().optional(), stream: z.boolean().default(false) });

/** By which slots fell due then; null where there were none. */
function scheduleOf(declared: unknown, type: BackupType): string | null {
  const written = Written.safeParse(declared).data;
  return written && !written.stream ? (written.schedule ?? DEFAULT_SCHEDULES[type]) : null;
}

/** The slot, its run and their events are there together, or nothing of them. Returns the run that was started. */
async function claimSlot(ctx: Ctx, due: Due, since: Date): Promise<string | null> {
  requirePermission(ctx, "job.perform");
  const { systemId, type, dueAt } = due;
  const isLate = ctx.now().getTime() - dueAt.getTime() > LATE_MS_MAX;
  const newest = await ctx.db.slot.findFirst({
    where: { systemId, type, dueAt: { gte: since } },
    orderBy: { dueAt: "desc" },
  });
  const passed = passedTimes(due, newest ? newest.dueAt : new Date(since.getTime() - 1));
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
    for (const slot of missed) {
      await recordAudit(tx, ctx, {
        action: "slot.missed",
        entity: { type: "system", id: due.system },
        metadata: { type, dueAt: slot.dueAt.toISOString() },
      });
    }
    return isLate ? null : startSlot(tx, ctx, due);
  });
}

/** Due times after an instant and before the newest one, oldest first. */
function passedTimes({ schedule, dueAt }: Due, after: Date): Date[] {
  const times: Date[] = [];
  for (let at = after; times.length < MISSED_MAX;) {
    const [next] = nextTimes(schedule, at, 1);
    if (!next || next >= dueAt) break;
    times.push(next);
    at = next;
  }
  return times;
}

async function startSlot(tx: Tx, ctx: Ctx, due: Due): Promise<string | null> {
  const { systemId, type, dueAt } = due;
  const slot = { systemId, type, dueAt };
  const claimed = await tx.slot.createMany({
    data: [{ ...slot, state: "running", claimedAt: ctx.now() }],
    skipDuplicates: true,
  });
  if (claimed.count === 0) return null;
  const { runId, isOwn } = await startOrJoin(tx, ctx, due);
  await tx.slot.update({ where: { systemId_type_dueAt: slot }, data: { runId } });
  return isOwn ? runId : null;
}

/**
 * Starts the slot's backup; one that is under way already and does as well is the slot's backup.
 * @throws PreconditionError when the one under way does not: a full waits for an incremental, until the next tick
 */
async function startOrJoin(tx: Tx, ctx: Ctx, due: Due): Promise<{ runId: string; isOwn: boolean }> {
  const { systemId, system, type, dueAt } = due;
  const inside: Ctx = { ...ctx, transaction: (work) => work(tx) };
  try {
    const { runId } = await startBackup(inside, { system, type, reason: `scheduled for ${dueAt.toISOString()}` });
    return { runId, isOwn: true };
  } catch (error) {
    if (!(error instanceof PreconditionError)) throw error;
    const open = await findOpenBackup(tx, { systemId, type });
    if (!open || (open.type !== type && open.type !== "full")) throw error;
    return { runId: open.runId, isOwn: false };
  }
}

/** Gives each slot the end of its run: ok or failed. */
async function endSlots(ctx: Ctx): Promise<void> {
  await ctx.db.$executeRaw`
    UPDATE slots SET state = CASE WHEN runs.state = 'succeeded' THEN 'ok' ELSE 'failed' END, ended_at = runs.ended_at
    FROM runs
    WHERE slots.run_id = runs.id AND slots.state = 'running' AND runs.ended_at IS NOT NULL`;
}
