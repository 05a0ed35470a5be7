import { recordAudit } from "@/lib/audit";
import type { Ctx, Tx } from "@/lib/db/context";
import { PreconditionError, UnauthenticatedError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { hashPassword, isPasswordCorrect } from "./password-hash";
import { ChangePasswordInput } from "./schemas";
import { type Attempt, mayAttempt, recordFailure, throttled } from "./throttle";
import { getUserRow } from "./user-row";

async function judge(tx: Tx, ctx: Ctx, given: Attempt & { passwordHash: string; password: string }) {
  if (!(await mayAttempt(tx, ctx, given))) return "throttled";
  return (await isPasswordCorrect(given.passwordHash, given.password)) ? null : "wrong-password";
}

/** Changes the password of the person who is signed in, and ends all sessions of theirs.
 *  @throws UnauthenticatedError when the current one is wrong, LimitError after too many such attempts */
export async function changePassword(ctx: Ctx, input: ChangePasswordInput): Promise<void> {
  requirePermission(ctx, "account.use");
  const { currentPassword, newPassword } = ChangePasswordInput.parse(input);
  if (ctx.actor.kind !== "user") {
    throw new PreconditionError("only a person who is signed in has a password to change", {
      hint: "Give a person a new password with `holdfast user password`.",
    });
  }
  const userId = ctx.actor.id;
  const passwordHash = await hashPassword(newPassword);
  const failure = await ctx.transaction(async (tx) => {
    const row = await getUserRow(tx, ctx, userId);
    const attempt = { attemptedName: row.email, userId };
    const reason = await judge(tx, ctx, { ...attempt, passwordHash: row.passwordHash, password: currentPassword });
    if (reason) {
      await recordFailure(tx, ctx, { ...attempt, reason });
      return reason;
    }
    await tx.user.update({ where: { id: userId }, data: { passwordHash, sessionsFrom: ctx.now() } });
    await recordAudit(tx, ctx, {
      action: "password.changed",
      entity: { type: "user", id: userId },
      metadata: { email: row.email, by: "owner" },
    });
    return null;
  });
  // Thrown inside, they would take the event of the failure back with them.
  if (failure === "throttled") throw throttled();
  if (failure)
    throw new UnauthenticatedError("the current password is wrong", { hint: "Type the one you signed in with." });
}
