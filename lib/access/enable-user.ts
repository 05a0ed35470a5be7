import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { ConflictError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { EnableUserInput, type UserView } from "./schemas";
import { lockUser, toUserView } from "./user-row";

/** Gives a disabled person the access back; the sessions that were ended stay ended.
 *  @throws ConflictError when the account is in use */
export async function enableUser(ctx: Ctx, input: EnableUserInput): Promise<UserView> {
  requirePermission(ctx, "user.manage");
  const { user } = EnableUserInput.parse(input);
  return ctx.transaction(async (tx) => {
    const row = await lockUser(tx, ctx, user);
    if (!row.disabledAt) {
      throw new ConflictError(`the user "${row.email}" is not disabled`, { hint: "Is it the account you mean?" });
    }
    const after = await tx.user.update({ where: { id: row.id }, data: { disabledAt: null } });
    await recordAudit(tx, ctx, {
      action: "user.enabled",
      entity: { type: "user", id: row.id },
      changes: { before: { disabledAt: row.disabledAt }, after: { disabledAt: null } },
      metadata: { email: row.email },
    });
    return toUserView(after);
  });
}
