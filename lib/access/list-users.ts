import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import type { UserView } from "./schemas";
import { toUserView } from "./user-row";

/** All users of the tenant by e-mail, the disabled ones too. */
export async function listUsers(ctx: Ctx): Promise<{ users: UserView[] }> {
  requirePermission(ctx, "user.read");
  const rows = await ctx.db.user.findMany({ where: { tenantId: ctx.tenantId }, orderBy: { email: "asc" } });
  return { users: rows.map(toUserView) };
}
