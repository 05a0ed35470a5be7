import { recordAudit } from "@/lib/audit";
import type { JobCtx, Tx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { type CopyPlace, type Judgement, isLacking } from "./copy-place";

export interface JudgedCopy {
  backupId: string;
  system: string;
  /** As the catalogue had it. */
  before: string;
  judgement: Judgement;
}

/**
 * Stores what was found of a batch of copies. A copy that was lost, or is whole again, is an event, and its backup
 * turns `incomplete` or `complete` with it. Nothing is ever taken out of the catalogue.
 */
export async function recordCopies(ctx: JobCtx, place: CopyPlace, copies: readonly JudgedCopy[]): Promise<void> {
  requirePermission(ctx, "job.perform");
  const steady = copies.filter(({ before, judgement }) => before === judgement.state);
  await touch(ctx, place, steady);
  for (const copy of copies) {
    if (copy.before !== copy.judgement.state) await changeCopy(ctx, place, copy);
  }
}

/** The same as before: only when, until when, and why. */
async function touch(ctx: JobCtx, place: CopyPlace, copies: readonly JudgedCopy[]): Promise<void> {
  const groups = new Map<string, { ids: string[]; lockedUntil: Date | null; error: string | null }>();
  for (const { backupId, judgement } of copies) {
    const lockedUntil = judgement.state === "present" ? judgement.lockedUntil : null;
    const error = judgement.state === "present" ? null : judgement.error;
    const key = `${lockedUntil?.toISOString()}\n${error}`;
    const group = groups.get(key) ?? { ids: [], lockedUntil, error };
    group.ids.push(backupId);
    groups.set(key, group);
  }
  for (const { ids, lockedUntil, error } of groups.values()) {
    await ctx.db.backupCopy.updateMany({
      where: { repositoryId: place.id, backupId: { in: ids } },
      data: { checkedAt: ctx.now(), checkedBy: place.runId, error, ...(place.isLocked ? { lockedUntil } : {}) },
    });
  }
}

async function changeCopy(ctx: JobCtx, place: CopyPlace, copy: JudgedCopy): Promise<void> {
  requirePermission(ctx, "job.perform");
  const { backupId, before, judgement } = copy;
  const error = judgement.state === "present" ? null : judgement.error;
  await ctx.transaction(async (tx) => {
    // Another run may have found it out meanwhile: then the change, and its event, are already there.
    const { count } = await tx.backupCopy.updateMany({
      where: { repositoryId: place.id, backupId, state: before },
      data: {
        state: judgement.state,
        error,
        checkedAt: ctx.now(),
        checkedBy: place.runId,
        ...(judgement.state === "present" ? { lockedUntil: judgement.lockedUntil } : {}),
      },
    });
    if (count === 0) return;
    const backup = await settleBackup(tx, backupId);
    await recordAudit(tx, ctx, {
      action: judgement.state === "present" ? "copy.mended" : "copy.lost",
      entity: { type: "backup", id: backupId },
      changes: { before: { copy: before }, after: { copy: judgement.state } },
      metadata: { repository: place.name, system: copy.system, backup, ...(error ? { error } : {}) },
    });
  });
}

/** A backup is complete while each of its copies is there that retention has not let go of. One that failed, or has expired, stays what it is. */
export async function settleBackup(tx: Tx, backupId: string): Promise<"complete" | "incomplete"> {
  const copies = await tx.backupCopy.findMany({ where: { backupId }, select: { state: true } });
  const state = copies.some((copy) => isLacking(copy.state)) ? "incomplete" : "complete";
  await tx.backup.updateMany({
    where: { id: backupId, state: { in: ["complete", "incomplete"] } },
    data: { state },
  });
  return state;
}
