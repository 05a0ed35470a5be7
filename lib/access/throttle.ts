import { recordAudit } from "@/lib/audit";
import type { Ctx, Tx } from "@/lib/db/context";
import { LimitError } from "@/lib/kernel/errors";
import { FAILURES_MAX, THROTTLE_WINDOW_MS, isLoopback } from "./model";

/** Someone who tries to prove who they are. */
export interface Attempt {
  /** The name as typed, cleaned and cut. */
  attemptedName: string;
  /** The user of that name, where there is one. */
  userId: string | null;
}

export type FailureReason = "unknown-user" | "wrong-password" | "disabled" | "throttled";

const TOLD_EVERY_MS = 60_000;

interface Failures {
  byName: number;
  byAddress: number;
}

function addressOf(ctx: Ctx): string | null {
  const { ipAddress } = ctx.origin;
  return ipAddress === undefined || isLoopback(ipAddress) ? null : ipAddress;
}

/* The audit log is the counter: it is there already, and nobody can reset it. A sign-in that worked ends the count of
   its name, not that of its address, where someone could sign in to an account of their own between the guesses. */
async function countFailures(tx: Tx, ctx: Ctx, attempt: Attempt): Promise<Failures> {
  const since = new Date(ctx.now().getTime() - THROTTLE_WINDOW_MS);
  const [failures] = await tx.$queryRaw<Failures[]>`
    WITH proof AS (
      SELECT received_at, id FROM audit_events
      WHERE action = 'user.login' AND entity_type = 'user' AND entity_id = ${attempt.userId} AND received_at > ${since}
      ORDER BY received_at DESC, id DESC LIMIT 1
    )
    SELECT
      COUNT(*) FILTER (WHERE metadata->>'attemptedName' = ${attempt.attemptedName}
        AND (NOT EXISTS (SELECT FROM proof) OR (received_at, id) > (SELECT received_at, id FROM proof)))::int AS "byName",
      COUNT(*) FILTER (WHERE ip_address = ${addressOf(ctx)})::int AS "byAddress"
    FROM audit_events
    WHERE action = 'login.failed' AND received_at > ${since} AND metadata->>'reason' <> 'throttled'`;
  return failures ?? { byName: 0, byAddress: 0 };
}

/* One guess at a time for a name: a hundred at once would all be counted before the first of them has failed. */
async function isAlone(tx: Tx, attempt: Attempt): Promise<boolean> {
  const key = `sign-in ${attempt.attemptedName}`;
  const [lock] = await tx.$queryRaw<{ isFree: boolean }[]>`
    SELECT pg_try_advisory_xact_lock(hashtextextended(${key}, 0)) AS "isFree"`;
  return lock?.isFree === true;
}

/** Whether an attempt may be made now; the transaction's name is its own until it ends. */
export async function mayAttempt(tx: Tx, ctx: Ctx, attempt: Attempt): Promise<boolean> {
  if (!(await isAlone(tx, attempt))) return false;
  const { byName, byAddress } = await countFailures(tx, ctx, attempt);
  return byName < FAILURES_MAX && byAddress < FAILURES_MAX;
}

/* A refused attempt costs nothing, so a flood of them must not fill the log: one event a minute tells of it. */
async function wasJustTold(tx: Tx, ctx: Ctx, attempt: Attempt): Promise<boolean> {
  const since = new Date(ctx.now().getTime() - TOLD_EVERY_MS);
  const [told] = await tx.$queryRaw<{ isTold: boolean }[]>`
    SELECT EXISTS (
      SELECT FROM audit_events
      WHERE action = 'login.failed' AND received_at > ${since} AND metadata->>'reason' = 'throttled'
        AND (metadata->>'attemptedName' = ${attempt.attemptedName} OR ip_address = ${addressOf(ctx)})
    ) AS "isTold"`;
  return told?.isTold === true;
}

/** Records a failed attempt with its name, address and reason. */
export async function recordFailure(tx: Tx, ctx: Ctx, failure: Attempt & { reason: FailureReason }): Promise<void> {
  if (failure.reason === "throttled" && (await wasJustTold(tx, ctx, failure))) return;
  await recordAudit(tx, ctx, {
    action: "login.failed",
    entity: { type: "user", id: failure.userId },
    metadata: { attemptedName: failure.attemptedName, reason: failure.reason, method: "password" },
  });
}

export function throttled(): LimitError {
  return new LimitError("too many failed attempts to sign in", {
    hint: "Wait 15 minutes and try again; who has a shell on the console's machine can work with `holdfast` meanwhile.",
  });
}
