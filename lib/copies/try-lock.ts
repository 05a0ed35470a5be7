import type { JobCtx } from "@/lib/db/context";
import type { LockProbe, ObjectStore } from "@/lib/engines/object-store/port";
import { requirePermission } from "@/lib/kernel/permissions";
import { repositoryKeys } from "@/lib/repositories";
import type { StepCtx, StepOutcome } from "@/lib/runs";
import { type Check, requirePlace } from "./check";
import type { LockState } from "./schemas";

export interface LockVerdict {
  state: LockState;
  message: string;
}

/** Tries a repository's lock with the credentials that the runner has: stores, then really tries to delete. */
export async function judgeLock(
  store: ObjectStore,
  { now, signal }: { now: Date; signal: AbortSignal },
): Promise<LockVerdict> {
  if (!store.proveLock) return { state: "none", message: "no lock is declared" };
  return verdictOf(await store.proveLock(repositoryKeys.PROBE_PREFIX, { signal, now }), now);
}

const WAY = { single: "one request", parts: "parts" } as const;

export function verdictOf(probes: readonly LockProbe[], now: Date): LockVerdict {
  const ignored = probes.find((each) => each.deletion === "done");
  if (ignored) {
    return { state: "ignored", message: `an object stored in ${WAY[ignored.way]} was deleted though it was locked` };
  }
  const open = probes.find((each) => !each.lockedUntil || each.lockedUntil <= now);
  if (open) return { state: "ignored", message: `an object stored in ${WAY[open.way]} has no lock` };
  if (probes.some((each) => each.bypass === "done")) {
    return { state: "bypassable", message: "our own credentials may bypass the governance lock" };
  }
  const ends = probes.map((each) => each.lockedUntil?.toISOString() ?? "").toSorted();
  return { state: "in-force", message: `our own attempts to delete were refused; locked until ${ends[0] ?? ""}` };
}

/** A step of the check: what is found is kept with the repository, whatever it is. */
export async function tryLock(ctx: StepCtx, check: Check): Promise<StepOutcome> {
  const place = requirePlace(check);
  const verdict = await judgeLock(place.store, { now: ctx.now(), signal: ctx.signal });
  await recordLock(ctx, place.id, verdict);
  // Stored once and never again, they would outlive their lock: without them nobody knows whose the backups are.
  for (const key of repositoryKeys.POINTER_KEYS) await place.store.keepLocked?.(key, { signal: ctx.signal });
  if (verdict.state === "ignored" || verdict.state === "bypassable") ctx.run.say(verdict.message, "error");
  return { summary: verdict.message, lock: verdict.state };
}

async function recordLock(ctx: JobCtx, repositoryId: string, { state, message }: LockVerdict): Promise<void> {
  requirePermission(ctx, "job.perform");
  await ctx.db.repository.update({
    where: { id: repositoryId },
    data: { lockState: state, lockMessage: message, lockCheckedAt: ctx.now() },
  });
}
