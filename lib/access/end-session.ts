import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { actorId } from "@/lib/kernel/actor";
import { requirePermission } from "@/lib/kernel/permissions";

/** Records that the person who is signed in signs out. */
export async function endSession(ctx: Ctx): Promise<void> {
  requirePermission(ctx, "account.use");
  await ctx.transaction((tx) =>
    recordAudit(tx, ctx, { action: "user.logout", entity: { type: "user", id: actorId(ctx.actor) } }),
  );
}
