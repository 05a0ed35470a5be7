import { recordAudit } from "@/lib/audit";
import type { Prisma } from "@/lib/db/client";
import { type Ctx, type Tx, deriveCtx } from "@/lib/db/context";
import { UnauthenticatedError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { isPasswordCorrect } from "./password-hash";
import { type SessionUser, VerifyCredentialsInput } from "./schemas";
import { type Attempt, type FailureReason, mayAttempt, recordFailure, throttled } from "./throttle";
import { roleOf, toSessionUser } from "./user-row";

type UserRow = Prisma.UserGetPayload<object>;
type Outcome = { user: SessionUser } | { reason: FailureReason };

const NAME_LENGTH = 254;

/* What PostgreSQL cannot store would stop the event of the failure. */
function cleanName(typed: string): string {
  return typed.trim().toLowerCase().slice(0, NAME_LENGTH).toWellFormed().replaceAll("\u0000", "\uFFFD");
}

async function judge(
  tx: Tx,
  ctx: Ctx,
  given: { row: UserRow | null; attempt: Attempt; password: string },
): Promise<Outcome> {
  const { row, attempt, password } = given;
  if (!(await mayAttempt(tx, ctx, attempt))) return { reason: "throttled" };
  const isCorrect = await isPasswordCorrect(row?.passwordHash ?? null, password);
  if (!row) return { reason: "unknown-user" };
  if (!isCorrect) return { reason: "wrong-password" };
  return row.disabledAt ? { reason: "disabled" } : { user: toSessionUser(row) };
}

/** Who signs in with an e-mail and a password. Every answer is in the audit log before it is given.
 *  @throws UnauthenticatedError with the same text for an unknown name, a wrong password and a disabled account;
 *  LimitError after five failures in 15 minutes for the name or from the address */
export async function verifyCredentials(ctx: Ctx, input: VerifyCredentialsInput): Promise<SessionUser> {
  requirePermission(ctx, "session.start");
  const { email, password } = VerifyCredentialsInput.parse(input);
  const attemptedName = cleanName(email);
  const outcome = await ctx.transaction(async (tx): Promise<Outcome> => {
    const row = await tx.user.findUnique({ where: { email: attemptedName } });
    const attempt = { attemptedName, userId: row?.id ?? null };
    const result = await judge(tx, ctx, { row, attempt, password });
    const tenantId = row?.tenantId ?? ctx.tenantId;
    if ("reason" in result) {
      await recordFailure(tx, deriveCtx(ctx, { actor: { kind: "anonymous" }, tenantId }), { ...attempt, ...result });
    } else if (row) {
      const { id, name } = row;
      const actor = { kind: "user" as const, id, email: row.email, name, role: roleOf(row) };
      await recordAudit(tx, deriveCtx(ctx, { actor, tenantId }), {
        action: "user.login",
        entity: { type: "user", id },
        metadata: { method: "password" },
      });
    }
    return result;
  });
  if ("user" in outcome) return outcome.user;
  if (outcome.reason === "throttled") throw throttled();
  throw new UnauthenticatedError("the e-mail or the password is wrong", {
    hint: "Check both; after five failures the next attempt has to wait for 15 minutes.",
  });
}
