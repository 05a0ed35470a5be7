import { Prisma } from "@/lib/db/client";
import type { Ctx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { requirePermission } from "@/lib/kernel/permissions";
import { selectEvents, toEventView } from "./queries";
import { type AuditEventView, GetEventInput } from "./schemas";

/** One event of the tenant. @throws NotFoundError */
export async function getEvent(ctx: Ctx, input: GetEventInput): Promise<AuditEventView> {
  requirePermission(ctx, "audit.read");
  const { id } = GetEventInput.parse(input);
  const condition = Prisma.sql`msp_id = ${ctx.tenantId} AND id = ${id}::uuid`;
  const [row] = await selectEvents(ctx.db, condition, { order: "newest", limit: 1 });
  if (!row) throw new NotFoundError("audit event", id);
  return toEventView(row);
}
