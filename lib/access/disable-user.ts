import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { ConflictError, RefusedError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { DisableUserInput, type UserView } from "./schemas";
import { hasOtherAdministrator, lockUser, toUserView } from "./user-row";

/** Ends a person's access and sessions; the account stays, since the audit log names it.
 *  @throws ConflictError when it is disabled already, RefusedError for the last administrator */
export async function disableUser(ctx: Ctx, input: DisableUserInput): Promise<UserView> {
  requirePermission(ctx, "user.manage");
  const { user } = DisableUserInput.parse(input);
  return ctx.transaction(async (tx) => {
    const row = await lockUser(tx, ctx, user);
    if (row.disabledAt) {
      throw new ConflictError(`the user "${row.email}" is disabled already`, { hint: "Is it the account you mean?" });
    }
    if (row.role === "administrator" && !(await hasOtherAdministrator(tx, row))) {
      throw new RefusedError(`"${row.email}" is the last administrator`, {
        hint: "Make another person administrator first: nobody could manage users otherwise.",
      });
    }
    const now = ctx.now();
    const after = await tx.user.update({ where: { id: row.id }, data: { disabledAt: now, sessionsFrom: now } });
    await recordAudit(tx, ctx, {
      action: "user.disabled",
      entity: { type: "user", id: row.id },
      changes: { before: { disabledAt: null }, after: { disabledAt: now } },
      metadata: { email: row.email },
    });
    return toUserView(after);
  });
}
