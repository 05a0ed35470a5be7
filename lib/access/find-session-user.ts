import type { Ctx } from "@/lib/db/context";
import type { SessionUser } from "./schemas";
import { toSessionUser } from "./user-row";

/** The user of a session, or null when the account is gone or disabled. Asked at every request, before there is an
 *  actor: so it asks for no permission. The caller compares the session's start by `isSessionValid`. */
export async function findSessionUser(ctx: Pick<Ctx, "db">, id: string): Promise<SessionUser | null> {
  const row = await ctx.db.user.findFirst({ where: { id, disabledAt: null } });
  return row ? toSessionUser(row) : null;
}
