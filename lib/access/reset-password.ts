import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { newPassword } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import { hashPassword } from "./password-hash";
import { type CreatedUser, ResetPasswordInput } from "./schemas";
import { lockUser, toUserView } from "./user-row";

/** Gives a person a new password, shown once, and ends their sessions. */
export async function resetPassword(ctx: Ctx, input: ResetPasswordInput): Promise<CreatedUser> {
  requirePermission(ctx, "user.manage");
  const { user } = ResetPasswordInput.parse(input);
  const password = newPassword();
  const passwordHash = await hashPassword(password);
  return ctx.transaction(async (tx) => {
    const { id } = await lockUser(tx, ctx, user);
    const after = await tx.user.update({ where: { id }, data: { passwordHash, sessionsFrom: ctx.now() } });
    await recordAudit(tx, ctx, {
      action: "password.changed",
      entity: { type: "user", id },
      metadata: { email: after.email, by: "administrator" },
    });
    return { user: toUserView(after), password };
  });
}
