import { z } from "zod";
import type { Ctx, Tx } from "@/lib/db/context";
import { PreconditionError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { findConfiguration } from "@/lib/settings";
import { DEFAULT_SCHEDULES, declaredBackups } from "@/lib/settings/schemas";
import { type DueSchedule, type DueSlot, claimDue } from "./claim-due";
import { missSlots } from "./miss-slots";
import type { BackupType } from "./schemas";
import { findOpenBackup, startBackup } from "./start-backup";

/**
 * Claims the newest due slot of every declared backup, exactly once over any number of runners (the row is the
 * claim), and starts it. One that nobody took in time is kept as `missed`, and so are those before it that passed
 * while no runner worked. Ended runs end their slots, and so does the time of a run that no runner took.
 */
export async function claimSlots(ctx: Ctx): Promise<{ started: string[] }> {
  requirePermission(ctx, "job.perform");
  await endSlots(ctx);
  await missSlots(ctx);
  const loaded = await findConfiguration(ctx);
  const started: string[] = [];
  const schedules = Object.entries(loaded?.configuration.systems ?? {}).flatMap(([system, declaration]) =>
    declaredBackups(declaration)
      .filter(({ stream }) => !stream)
      .map(({ type, schedule }) => ({ system, type, schedule })),
  );
  for (const each of schedules) {
    try {
      const runId = await claimDue(ctx, toDue(each));
      if (runId) started.push(runId);
    } catch (error) {
      // One system's trouble must not cost the others their slots; the next tick tries again.
      ctx.log.error({ err: error, system: each.system, type: each.type }, "a due slot could not be claimed");
    }
  }
  return { started };
}

function toDue({ system, type, schedule }: { system: string; type: BackupType; schedule: string }): DueSchedule {
  return {
    system,
    type,
    schedule,
    declaredAt: ["systems", system, "backup", type],
    scheduleIn: (declared) => scheduleOf(declared, type),
    start: (tx, ctx, slot) => startOrJoin(tx, ctx, { ...slot, type }),
  };
}

const Written = z.object({ schedule: z.string().optional(), stream: z.boolean().default(false) });

/** By which slots fell due then; null where there were none. */
function scheduleOf(declared: unknown, type: BackupType): string | null {
  const written = Written.safeParse(declared).data;
  return written && !written.stream ? (written.schedule ?? DEFAULT_SCHEDULES[type]) : null;
}

/**
 * Starts the slot's backup; one that is under way already and does as well is the slot's backup.
 * @throws PreconditionError when the one under way does not: a full waits for an incremental, until the next tick
 */
async function startOrJoin(
  tx: Tx,
  ctx: Ctx,
  due: DueSlot & { type: BackupType },
): Promise<{ runId: string; isOwn: boolean }> {
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
