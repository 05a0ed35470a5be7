import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { RefusedError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { permissionChange } from "./permission-change";
import { ChangeRoleInput, type UserView } from "./schemas";
import { hasOtherAdministrator, lockUser, roleOf, toUserView } from "./user-row";

/** Gives a person another role and ends the sessions of the old one. The same role again changes nothing.
 *  @throws RefusedError when nobody would be administrator */
export async function changeRole(ctx: Ctx, input: ChangeRoleInput): Promise<UserView> {
  requirePermission(ctx, "user.manage");
  const { user, role } = ChangeRoleInput.parse(input);
  return ctx.transaction(async (tx) => {
    const row = await lockUser(tx, ctx, user);
    const before = roleOf(row);
    if (before === role) return toUserView(row);
    if (before === "administrator" && !(await hasOtherAdministrator(tx, row))) {
      throw new RefusedError(`"${row.email}" is the last administrator`, {
        hint: "Make another person administrator first: nobody could manage users otherwise.",
      });
    }
    const after = await tx.user.update({ where: { id: row.id }, data: { role, sessionsFrom: ctx.now() } });
    const { granted, revoked } = permissionChange(before, role);
    const events = [
      { action: "permission.granted" as const, permissions: granted },
      { action: "permission.revoked" as const, permissions: revoked },
    ];
    for (const { action, permissions } of events.filter((event) => event.permissions.length > 0)) {
      await recordAudit(tx, ctx, {
        action,
        entity: { type: "user", id: row.id },
        changes: { before: { role: before }, after: { role } },
        metadata: { email: row.email, permissions },
      });
    }
    return toUserView(after);
  });
}
