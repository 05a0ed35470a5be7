import { z } from "zod";
import type { Prisma } from "@/lib/db/client";
import type { Ctx, Tx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { ROLES, type Role } from "@/lib/kernel/permissions";
import type { SessionUser, UserView } from "./schemas";

type UserRow = Prisma.UserGetPayload<object>;

const Uuid = z.uuid();

/** A stored role. One that this version does not know is a defect, never a smaller or a greater right. */
export function roleOf(row: Pick<UserRow, "role">): Role {
  return z.enum(ROLES).parse(row.role);
}

export function toUserView(row: UserRow): UserView {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    role: roleOf(row),
    createdAt: row.createdAt.toISOString(),
    disabledAt: row.disabledAt?.toISOString() ?? null,
  };
}

export function toSessionUser(row: UserRow): SessionUser {
  return {
    id: row.id,
    tenantId: row.tenantId,
    email: row.email,
    name: row.name,
    role: roleOf(row),
    sessionsFrom: row.sessionsFrom.toISOString(),
  };
}

/** The tenant's user of an id or an e-mail. @throws NotFoundError */
export async function getUserRow(tx: Tx, ctx: Pick<Ctx, "tenantId">, reference: string): Promise<UserRow> {
  const key = Uuid.safeParse(reference).success ? { id: reference } : { email: reference.toLowerCase() };
  const row = await tx.user.findFirst({ where: { ...key, tenantId: ctx.tenantId } });
  if (!row) throw new NotFoundError("user", reference);
  return row;
}

/** Locks the tenant's administrators and the named user until the transaction ends, so that of two that would each
 *  take away the other's last administrator one waits for the other. @returns the user as it is behind the lock */
export async function lockUser(tx: Tx, ctx: Pick<Ctx, "tenantId">, reference: string): Promise<UserRow> {
  const { id } = await getUserRow(tx, ctx, reference);
  await tx.$queryRaw`
    SELECT id FROM users
    WHERE msp_id = ${ctx.tenantId} AND (id = ${id}::uuid OR role = 'administrator') ORDER BY id FOR UPDATE`;
  return getUserRow(tx, ctx, id);
}

/** Whether somebody else could still manage users. Ask it behind `lockUser`. */
export async function hasOtherAdministrator(tx: Tx, row: UserRow): Promise<boolean> {
  const others = await tx.user.count({
    where: { tenantId: row.tenantId, role: "administrator", disabledAt: null, id: { not: row.id } },
  });
  return others > 0;
}
